/** Between numbers and numbers, element by element. */
import { positive } from "../arguments.ts";
import {
  abs,
  add,
  clip,
  div,
  less,
  mul,
  softplus,
  square,
  sub,
  type Tensor,
  where,
} from "../functions.ts";
import { checkLossOptions, checkPair, type LossOptions, reduced } from "./reduction.ts";

/**
 * (prediction − target)². Both f32 of one shape. Gives their mean, or as `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function meanSquaredError(
  prediction: Tensor,
  target: Tensor,
  options?: LossOptions,
): Tensor {
  checkLossOptions("meanSquaredError", options);
  checkPair("meanSquaredError", prediction, target);
  return reduced("meanSquaredError", square(sub(prediction, target)), options);
}

/**
 * |prediction − target|, L1; its gradient is 0 where they are equal. Both f32 of one shape. Gives their mean, or as
 * `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function meanAbsoluteError(
  prediction: Tensor,
  target: Tensor,
  options?: LossOptions,
): Tensor {
  checkLossOptions("meanAbsoluteError", options);
  checkPair("meanAbsoluteError", prediction, target);
  return reduced("meanAbsoluteError", abs(sub(prediction, target)), options);
}

/** What Huber's loss can be told. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line; 1. */
  readonly delta?: number;
}

/**
 * With d the difference, d² / 2 where |d| < delta and delta · (|d| − delta / 2) elsewhere. Both f32 of one shape.
 * PyTorch's smooth_l1_loss is this, divided by delta. Huber 1964. Gives their mean, or as `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function huber(prediction: Tensor, target: Tensor, options?: HuberOptions): Tensor {
  checkLossOptions("huber", options, { delta: positive });
  checkPair("huber", prediction, target);
  const { delta = 1 } = options ?? {};
  const d = sub(prediction, target);
  // Both forms in one: where the line is meant, the square would have a gradient of 0 · ∞.
  const near = clip(d, -delta, delta);
  return reduced("huber", mul(near, sub(d, mul(near, 0.5))), options);
}

/**
 * log cosh(prediction − target), without overflow, and with its digits where both are nearly the same. Both f32 of one
 * shape. Gives their mean, or as `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function logCosh(prediction: Tensor, target: Tensor, options?: LossOptions): Tensor {
  checkLossOptions("logCosh", options);
  checkPair("logCosh", prediction, target);
  const d = sub(prediction, target);
  const isNear = less(abs(d), 0.125);
  // A quotient with the terms of its series up to d⁶: 6e-9 of it is missing at 1/8.
  const squared = square(where(isNear, d, 0));
  const near = mul(squared, div(add(0.5, mul(squared, 1 / 20)), add(1, mul(squared, 4 / 15))));
  // |d| + log(1 + e^(−2|d|)) − log 2, which loses digits near 0.
  const size = abs(where(isNear, 1, d));
  const far = sub(add(size, softplus(mul(-2, size))), Math.LN2);
  return reduced("logCosh", where(isNear, near, far), options);
}
