/** Questions that are made of others: bool tensors of the arguments' shape. */
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensor } from "./apply.ts";
import { and, equal, finite, not, notEqual } from "./elementwise.ts";
import { float, type Unary } from "./float.ts";

/**
 * Whether exactly one of two holds; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are bool; ArgumentError for what is no
 *   tensor
 */
export function xor(a: Tensor, b: Tensor): Tensor {
  for (const [name, x] of Object.entries({ a, b })) {
    checkTensor("xor", x, name);
    checkDType("xor", name, x, ["bool"], "Compare first, for example greater(x, 0).");
  }
  return notEqual(a, b);
}

/**
 * Whether x is NaN.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const isNan: Unary = (x) => notEqual(float("isNan", x), x);

/**
 * Whether x is one of ±∞.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const isInf: Unary = (x) => and(not(finite(float("isInf", x))), equal(x, x));
