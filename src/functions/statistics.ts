/** Reductions that are made of sums, means and extremes: over one axis, several, or all. */
import { number, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import { checkChoice, checkElements, keptShape, reducedCount } from "../ops/reduce.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { sizeOf } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";
import { wholeAxes, wholeAxis, without } from "./axes.ts";
import { ones } from "./creation.ts";
import {
  add,
  cast,
  div,
  equal,
  exp,
  finite,
  greater,
  log,
  mul,
  not,
  square,
  sub,
  where,
} from "./elementwise.ts";
import { float } from "./float.ts";
import { concat, reshape, slice, stopGradient, transpose } from "./movement.ts";
import { norm } from "./norm.ts";
import { argmax, checkReduce, max, mean, type ReduceOptions, sum } from "./reduce.ts";

/**
 * The product along `axis`, f32, i32 or u32; 1 of nothing. It is made without division, so that its gradient is right
 * where elements are 0.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have or that is named twice, and for options
 *   that there are not
 */
export function prod(x: Tensor, options?: ReduceOptions): Tensor {
  checkReduce("prod", x, options);
  checkDType("prod", "x", x, ["f32", "i32", "u32"]);
  const axes = wholeAxes("prod", options?.axis, x);
  const rest = x.shape.flatMap((_, d) => (axes.includes(d) ? [] : [d]));
  const count = reducedCount(x.shape, axes);
  const kept = rest.map((d) => x.shape[d] ?? 1);
  const out = options?.keepDims ? keptShape(x.shape, axes) : kept;
  if (count === 0) return ones(out, x.dtype);
  // Neighbouring axes are one where they lie.
  const inOrder = axes.toSorted((a, b) => a - b);
  const before = inOrder[0] ?? 0;
  const isRun = inOrder.every((d, i) => d === before + i);
  const own = isRun ? x : transpose(x, [...rest, ...axes]);
  const outer = sizeOf(isRun ? x.shape.slice(0, before) : kept);
  const inner = isRun ? sizeOf(x.shape.slice(before + axes.length)) : 1;
  let left = reshape(own, [outer, count, inner]);
  for (let n = count; n > 1; n = left.shape[1] ?? 1) left = fewer(left, [outer, n, inner]);
  return reshape(left, out);
}

/** Factors that are multiplied in one step. */
const FACTORS = 8;

/** x [outer, n, inner] with products along its second dimension, an eighth as many, and what is left over. */
function fewer(x: Tensor, [outer, n, inner]: readonly [number, number, number]): Tensor {
  const parts = Math.min(FACTORS, n);
  const size = Math.floor(n / parts);
  const piece = (i: number, length: number) => slice(x, [0, i * size, 0], [outer, length, inner]);
  const product = Array.from({ length: parts }, (_, i) => piece(i, size)).reduce((a, b) =>
    mul(a, b),
  );
  return parts * size === n ? product : concat([product, piece(parts, n - parts * size)], 1);
}

/**
 * bool: whether an element along `axis` of x, bool, holds; false of nothing. All elements where nothing is said.
 * @throws DTypeError unless x is bool; ArgumentError for an axis that x does not have or that is named twice, and for
 *   options that there are not
 */
export function any(x: Tensor, options?: ReduceOptions): Tensor {
  return greater(counted("any", x, options), 0);
}

/**
 * bool: whether all elements along `axis` of x, bool, hold; true of nothing. All elements where nothing is said.
 * @throws DTypeError unless x is bool; ArgumentError for an axis that x does not have or that is named twice, and for
 *   options that there are not
 */
export function all(x: Tensor, options?: ReduceOptions): Tensor {
  checkTensor("all", x);
  checkDType("all", "x", x, ["bool"], QUESTION);
  return equal(counted("all", not(x), options), 0);
}

const QUESTION = "Compare first, for example greater(x, 0).";

function counted(caller: string, x: Tensor, options?: ReduceOptions): Tensor {
  checkReduce(caller, x, options);
  checkDType(caller, "x", x, ["bool"], QUESTION);
  const axis = wholeAxes(caller, options?.axis, x);
  return sum(cast(x, "i32"), { ...options, axis });
}

/**
 * i32: where along `axis` the smallest element is, the first of equals; NaN is the smallest. The axis is the last one
 * where nothing is said.
 * @throws ShapeError where nothing is there to choose from; DTypeError for bool; ArgumentError for an axis that x does
 *   not have
 */
export function argmin(x: Tensor, axis = -1): Tensor {
  const d = wholeAxis("argmin", axis, x);
  checkDType("argmin", "x", x, ["f32", "i32", "u32"]);
  checkChoice("argmin", x, d);
  // Whole numbers in the reverse order: −1 − x overflows nowhere, as −x does.
  return argmax(sub(x.dtype === "f32" ? 0 : x.dtype === "i32" ? -1 : 0xffffffff, x), d);
}

/** What a variance goes over, and by how much it is divided. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the number of elements that the sum of squares is divided by; 1, as in PyTorch. */
  readonly correction?: number;
}

/**
 * Σ (x − mean)² / (n − correction) along `axis`. f32. All elements and a correction of 1, as PyTorch's var, where
 * nothing is said.
 * @throws ArgumentError where there are not more elements than the correction, for an axis that x does not have, and
 *   for options that there are not; DTypeError unless x is f32
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  const { centred, count, over } = deviations("variance", x, options);
  return div(sum(square(centred), over), count);
}

/**
 * √variance; where that is 0, so is the gradient. f32. All elements and a correction of 1 where nothing is said.
 * @throws ArgumentError where there are not more elements than the correction, for an axis that x does not have, and
 *   for options that there are not; DTypeError unless x is f32
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  const { centred, count, over } = deviations("std", x, options);
  return div(norm(centred, over), Math.sqrt(count));
}

/** x without its mean, and by how much the sum of its squares is divided. */
function deviations(caller: string, x: Tensor, options: VarianceOptions) {
  const { correction = 1, ...reduction } = checkReduce(caller, x, options, { correction: number });
  float(caller, x);
  const axes = wholeAxes(caller, reduction.axis, x);
  const count = reducedCount(x.shape, axes);
  if (count <= correction) {
    throw new ArgumentError(
      `${caller}: there must be more elements than the correction; got ${count}, correction ${shown(correction)}. { correction: 0 } is the variance of one element, too.`,
    );
  }
  const centred = sub(x, mean(x, { axis: axes, keepDims: true }));
  return { centred, count: count - correction, over: { ...reduction, axis: axes } };
}

/**
 * log Σ eˣ along `axis`, which does not overflow. Its gradient is softmax(x). f32; all elements where nothing is said.
 * @throws ShapeError of nothing; DTypeError unless x is f32; ArgumentError for an axis that x does not have or that is
 *   named twice, and for options that there are not
 */
export function logSumExp(x: Tensor, options?: ReduceOptions): Tensor {
  checkReduce("logSumExp", x, options);
  float("logSumExp", x);
  const axes = wholeAxes("logSumExp", options?.axis, x);
  checkElements("logSumExp", x, axes);
  const largest = stopGradient(max(x, { axis: axes, keepDims: true }));
  const shift = where(finite(largest), largest, 0);
  const total = add(log(sum(exp(sub(x, shift)), { axis: axes, keepDims: true })), shift);
  return options?.keepDims ? total : reshape(total, without(x, axes));
}
