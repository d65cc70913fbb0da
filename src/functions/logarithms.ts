/** Exponentials and logarithms that keep their digits where those of 1 + x would lose them. */
import type { Tensor } from "../runtime/tensor.ts";
import { type Operand, operandsOf } from "./apply.ts";
import {
  abs,
  add,
  div,
  exp,
  finite,
  less,
  log,
  maximum,
  mul,
  pow,
  square,
  sub,
  tanh,
  where,
} from "./elementwise.ts";
import { float, horner, type Unary } from "./float.ts";
import { stopGradient } from "./movement.ts";

/**
 * log(1 + x), which is x near 0; −∞ of −1, NaN below.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function log1p(x: Tensor): Tensor {
  float("log1p", x);
  const isSmall = less(abs(x), 0.25);
  // log(1 + x) = 2 artanh(x / (2 + x)), whose series ends at 10⁻¹² for a quarter.
  const inner = where(isSmall, x, 0);
  const s = div(inner, add(inner, 2));
  const near = mul(s, horner(square(s), ODD_RECIPROCALS));
  return where(isSmall, near, log(add(where(isSmall, 0, x), 1)));
}

/** 2 / (2k + 1). */
const ODD_RECIPROCALS = [2, 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11, 2 / 13];

/**
 * eˣ − 1, which is x near 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function expm1(x: Tensor): Tensor {
  float("expm1", x);
  const isNear = less(abs(x), 1);
  // eˣ − 1 = 2 t / (1 − t) with t = tanh(x / 2), which cancels nothing near 0; elsewhere its gradient would.
  const t = tanh(mul(where(isNear, x, 0), 0.5));
  return where(isNear, div(mul(t, 2), sub(1, t)), sub(exp(where(isNear, 0, x)), 1));
}

/**
 * The logarithm to the base of 2.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const log2: Unary = (x) => mul(log(float("log2", x)), Math.LOG2E);
/**
 * The logarithm to the base of 10.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const log10: Unary = (x) => mul(log(float("log10", x)), Math.LOG10E);
/**
 * 2ˣ.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const exp2: Unary = (x) => pow(2, float("exp2", x));

/**
 * log(eᵃ + eᵇ), which does not overflow; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are f32; ArgumentError for what is neither
 *   tensor nor number
 */
export function logAddExp(left: Operand, right: Operand): Tensor {
  const [a, b] = operandsOf("logAddExp", left, right);
  const largest = stopGradient(maximum(a, b));
  const shift = where(finite(largest), largest, 0);
  return add(log(add(exp(sub(a, shift)), exp(sub(b, shift)))), shift);
}
