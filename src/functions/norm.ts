/** Norms along axes, and what is divided by them. */
import { anything, checkOptions, positive, rule } from "../arguments.ts";
import { checkElements } from "../ops/reduce.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensor } from "./apply.ts";
import { wholeAxes, without } from "./axes.ts";
import {
  abs,
  cast,
  div,
  equal,
  greater,
  maximum,
  mul,
  notEqual,
  pow,
  square,
  where,
} from "./elementwise.ts";
import { float } from "./float.ts";
import { reshape } from "./movement.ts";
import { checkReduce, max, min, type ReduceOptions, sum } from "./reduce.ts";
import { root, scaled } from "./scale.ts";

/** Which norm, and what it goes over. */
export interface NormOptions extends ReduceOptions {
  /** (Σ |x|ᵖ)^(1/p); ±Infinity are the largest and the smallest |x|, 0 counts what is not 0. 2. */
  readonly p?: number;
}

const ORDER = rule("a number", (value) => typeof value === "number" && !Number.isNaN(value));

/**
 * The norm along `axis`, of all elements where none is given; powers on the way neither overflow nor vanish. Its gradient
 * is 0 where the norm is, and with a p below 1, as in PyTorch, for every element that is 0. f32.
 * @throws DTypeError unless x is f32; ShapeError where p is Infinity or below 0, of nothing; ArgumentError for an axis that x does
 *   not have or that is named twice, and for options that there are not
 */
export function norm(x: Tensor, options: NormOptions = {}): Tensor {
  const { p = 2, axis, keepDims } = checkReduce("norm", x, options, { p: ORDER });
  const axes = wholeAxes("norm", axis, x);
  const size = sizeAlong("norm", x, axes, p);
  return keepDims ? size : reshape(size, without(x, axes));
}

/** Which norm becomes 1, and along what. */
export interface NormaliseOptions extends Omit<NormOptions, "keepDims"> {
  /** The least that x is divided by; 1e-12. */
  readonly epsilon?: number;
}

/**
 * x / max(‖x‖, ε) along `axis`, which makes vectors of length 1: the last axis and p = 2 where nothing is said. f32, of x's
 * shape. Zeros stay zeros; as in PyTorch their gradient is divided by ε.
 * @throws DTypeError unless x is f32; ShapeError where p is Infinity or below 0, of nothing; ArgumentError for an axis that x
 *   does not have or that is named twice, and for options that there are not
 */
export function normalise(x: Tensor, options: NormaliseOptions = {}): Tensor {
  checkTensor("normalise", x);
  checkOptions("normalise", options, { p: ORDER, axis: anything, epsilon: positive });
  const { p = 2, axis = -1, epsilon = 1e-12 } = options;
  const size = sizeAlong("normalise", x, wholeAxes("normalise", axis, x), p);
  return div(x, maximum(size, epsilon));
}

/** The norm along `axes`, which stay as sizes of 1. */
function sizeAlong(caller: string, x: Tensor, axes: readonly number[], p: number): Tensor {
  float(caller, x);
  const over = { axis: axes, keepDims: true };
  if (p === 1) return sum(abs(x), over);
  if (p < 0 || p === Number.POSITIVE_INFINITY) checkElements(caller, x, axes);
  if (p === Number.POSITIVE_INFINITY) return max(abs(x), over);
  if (p === Number.NEGATIVE_INFINITY) return min(abs(x), over);
  if (p === 0) return sum(cast(notEqual(x, 0), "f32"), over);
  const { near, scale } = scaled(x, axes, p < 0 ? min : max);
  return mul(p === 2 ? root(sum(square(near), over)) : powered(near, p, over), scale);
}

/** (Σ |x|ᵖ)^(1/p), whose gradient is 0 where it is. At 0 powers below 1 are infinitely steep: no gradient goes there. */
function powered(x: Tensor, p: number, over: ReduceOptions): Tensor {
  const isZero = equal(x, 0);
  const powers = p < 1 ? where(isZero, 0, pow(abs(where(isZero, 1, x)), p)) : pow(abs(x), p);
  const total = sum(powers, over);
  const isNone = p < 0 ? greater(sum(cast(isZero, "f32"), over), 0) : equal(total, 0);
  return where(isNone, 0, pow(where(isNone, 1, total), 1 / p));
}
