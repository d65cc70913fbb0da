/** Results of all beginnings of an axis: sums, products, extremes. */
import { checkOptions, flag } from "../arguments.ts";
import { emit } from "../graph/graph.ts";
import { checkDType } from "../ops/check.ts";
import type { GradientRule } from "../ops/gradient-rule.ts";
import type { Emit, Value } from "../ops/op.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, checkTensor, wrap } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { full } from "./creation.ts";
import { maximum, minimum, mul } from "./elementwise.ts";
import { flip } from "./flip.ts";
import { concat, reshape, slice } from "./movement.ts";

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
  const how = { isReverse: options.reverse ?? false, isExclusive: options.exclusive ?? false };
  const sums = wrap(runningSum(emit, walk.x.value, how));
  const y = apply("withGradient", { x: sums, of: [walk.x] }, { rule: runningSumRule(how) });
  return reshape(y, x.shape);
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

interface Direction {
  readonly isReverse: boolean;
  readonly isExclusive: boolean;
}

/** Neighbours that are added up in one step, at most. */
const MOST_TERMS = 8;

/**
 * Runs over the axis of x [outer, n, inner] in few steps, each of which adds up stretches that lie side by side: a step
 * is a sum of slices of what was there, with zeros in front. As Hillis & Steele 1986, who take two at a time.
 */
function runningSum(emit: Emit, x: Value, { isReverse, isExclusive }: Direction): Value {
  const { shape } = x.type;
  const n = shape[1] ?? 0;
  if (n === 0) return x;
  const steps = Math.max(1, Math.ceil(Math.log(n) / Math.log(MOST_TERMS) - 1e-9));
  const most = Math.max(2, Math.ceil(n ** (1 / steps) - 1e-9));
  let y = x;
  let isFirst = true;
  for (let length = 1; length < n || isFirst; length *= most) {
    const terms = Math.max(1, Math.min(most, Math.ceil(n / length)));
    const skipped = isFirst && isExclusive ? 1 : 0;
    const reach = (terms - 1) * length + skipped;
    isFirst = false;
    if (reach === 0) continue;
    const around = isReverse ? ([0, reach] as const) : ([reach, 0] as const);
    const padding = [[0, 0], around, [0, 0]] as const;
    const padded = emit("pad", { x: y }, { padding }).out;
    const stretch = (i: number) => {
      const from = isReverse ? skipped + i * length : reach - skipped - i * length;
      return emit("slice", { x: padded }, { starts: [0, from, 0], sizes: shape }).out;
    };
    y = Array.from({ length: terms }, (_, i) => stretch(i)).reduce(
      (a, b) => emit("binary", { a, b }, { fn: "add" }).out,
    );
  }
  return y;
}

/** The sums of all ends: the same in the other direction. */
function runningSumRule({ isReverse, isExclusive }: Direction): GradientRule {
  return {
    name: `running sum ${isReverse} ${isExclusive}`,
    gradient: (emit, _, g) => [runningSum(emit, g, { isReverse: !isReverse, isExclusive })],
  };
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
