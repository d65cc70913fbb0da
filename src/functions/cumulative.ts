/** Results of all beginnings of an axis: sums, products, extremes. */
import { checkOptions, flag } from "../arguments.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensor } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { arange, full } from "./creation.ts";
import {
  add,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  where,
} from "./elementwise.ts";
import { flip } from "./flip.ts";
import { concat, pad, reshape, slice } from "./movement.ts";
import { sum } from "./reduce.ts";

/** What a running sum goes along. */
export interface CumulativeOptions {
  /** The dimension that is followed, −1 where nothing is said. */
  readonly axis?: number;
  /** From the last element to the first. */
  readonly reverse?: boolean;
}

/** What a running sum goes along, and whether an element is part of its own. */
export interface ExclusiveOptions extends CumulativeOptions {
  /** Of all elements before, without one's own. */
  readonly exclusive?: boolean;
}

const RULES = { axis: { is: "a number", holds: () => true }, reverse: flag };
const EXCLUSIVE_RULES = { ...RULES, exclusive: flag };
const NUMBERS = ["f32", "i32", "u32"] as const;

/**
 * y_i = x_0 + … + x_i along `axis`, f32, i32 or u32. The axis is the last one where nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, and for options that there are not
 */
export function cumsum(x: Tensor, options: ExclusiveOptions = {}): Tensor {
  const walk = walkOf("cumsum", x, options, EXCLUSIVE_RULES);
  return reshape(runningSum(walk.x, options.reverse ?? false, options.exclusive ?? false), x.shape);
}

/**
 * y_i = x_0 · … · x_i along `axis`, f32, i32 or u32; its gradient is right where elements are 0. The axis is the last
 * one where nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, and for options that there are not
 */
export function cumprod(x: Tensor, options: ExclusiveOptions = {}): Tensor {
  const walk = walkOf("cumprod", x, options, EXCLUSIVE_RULES);
  const inOrder = options.reverse ? flip(walk.x, 1) : walk.x;
  const given = options.exclusive ? shifted(inOrder, 1) : inOrder;
  const y = doubled(given, mul);
  return reshape(options.reverse ? flip(y, 1) : y, x.shape);
}

/**
 * The largest of x_0 … x_i along `axis`, f32, i32 or u32; NaN from the first NaN on. The axis is the last one where
 * nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, and for options that there are not
 */
export const cummax = (x: Tensor, options: CumulativeOptions = {}): Tensor =>
  extreme("cummax", x, options, maximum);

/**
 * The smallest of x_0 … x_i along `axis`, f32, i32 or u32; NaN from the first NaN on. The axis is the last one where
 * nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, and for options that there are not
 */
export const cummin = (x: Tensor, options: CumulativeOptions = {}): Tensor =>
  extreme("cummin", x, options, minimum);

function extreme(
  caller: string,
  x: Tensor,
  options: CumulativeOptions,
  fn: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const walk = walkOf(caller, x, options, RULES);
  if (!options.reverse) return reshape(doubled(walk.x, fn), x.shape);
  return reshape(flip(doubled(flip(walk.x, 1), fn), 1), x.shape);
}

/** x as [outer, n, inner], where n is along the axis. */
function walkOf<T extends CumulativeOptions>(
  caller: string,
  x: Tensor,
  options: T,
  rules: Parameters<typeof checkOptions<T>>[2],
): { readonly x: Tensor } {
  checkTensor(caller, x);
  checkOptions<T>(caller, options, rules);
  checkDType(caller, "x", x, NUMBERS);
  const d = wholeAxis(caller, options.axis ?? -1, x);
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const sizes = [size(x.shape.slice(0, d)), x.shape[d] ?? 1, size(x.shape.slice(d + 1))];
  return { x: reshape(x, sizes) };
}

/** Elements that are summed under one mask. */
const BLOCK = 32;

/**
 * Sums under a triangular mask, which take n² additions but one step, within blocks of an axis; what is in front of a block
 * is the running sum of the blocks. x [outer, n, inner].
 */
function runningSum(x: Tensor, isReverse: boolean, isExclusive: boolean): Tensor {
  const [outer = 1, n = 1, inner = 1] = x.shape;
  if (n <= BLOCK) {
    const [to, from] = [reshape(arange(n), [n, 1, 1]), reshape(arange(n), [1, n, 1])];
    const before = isExclusive ? less(from, to) : lessEqual(from, to);
    const after = isExclusive ? greater(from, to) : greaterEqual(from, to);
    const spread = reshape(x, [outer, 1, n, inner]);
    return sum(where(isReverse ? after : before, spread, 0), { axis: 2 });
  }
  const blocks = Math.ceil(n / BLOCK);
  const whole = pad(x, [
    [0, 0],
    [0, blocks * BLOCK - n],
    [0, 0],
  ]);
  const apart = reshape(whole, [outer * blocks, BLOCK, inner]);
  const own = reshape(runningSum(apart, isReverse, isExclusive), [outer, blocks, BLOCK, inner]);
  const totals = reshape(sum(apart, { axis: 1 }), [outer, blocks, inner]);
  const others = reshape(runningSum(totals, isReverse, true), [outer, blocks, 1, inner]);
  const all = reshape(add(own, others), [outer, blocks * BLOCK, inner]);
  return slice(all, [0, 0, 0], [outer, n, inner]);
}

/** Runs over the axis in ⌈log₂ n⌉ steps, each of which joins stretches that are twice as long. Hillis & Steele 1986. */
function doubled(x: Tensor, fn: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const [outer = 1, n = 1, inner = 1] = x.shape;
  let y = x;
  for (let step = 1; step < n; step *= 2) {
    const first = slice(y, [0, 0, 0], [outer, step, inner]);
    const here = slice(y, [0, step, 0], [outer, n - step, inner]);
    const before = slice(y, [0, 0, 0], [outer, n - step, inner]);
    y = concat([first, fn(here, before)], 1);
  }
  return y;
}

/** x one element further along, behind `first`. */
function shifted(x: Tensor, first: number): Tensor {
  const [outer = 1, n = 1, inner = 1] = x.shape;
  if (n === 0) return x;
  return concat(
    [full([outer, 1, inner], first, x.dtype), slice(x, [0, 0, 0], [outer, n - 1, inner])],
    1,
  );
}
