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
  where,
} from "./elementwise.ts";
import { float, horner, type Unary, withSlope } from "./float.ts";
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
  const y = where(isSmall, near, log(add(where(isSmall, 0, x), 1)));
  return withSlope("log1p", x, y, (m, own) => m.unary("reciprocal", m.add(own, 1)));
}

/** 2 / (2k + 1). */
const ODD_RECIPROCALS = [2, 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11, 2 / 13];

/**
 * eˣ − 1, which is x near 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function expm1(x: Tensor): Tensor {
  float("expm1", x);
  // Near 0, u = e^(x/2) − 1 by its series, which ends at 10⁻¹³, and eˣ − 1 = u (u + 2): nothing cancels.
  const isNear = less(abs(x), 1);
  const half = mul(where(isNear, x, 0), 0.5);
  const u = mul(half, horner(half, RECIPROCAL_FACTORIALS));
  const y = where(isNear, mul(u, add(u, 2)), sub(exp(x), 1));
  return withSlope("expm1", x, y, (m, own) => m.unary("exp", own));
}

/** 1 / (k + 1)!. */
const RECIPROCAL_FACTORIALS = Array.from({ length: 12 }, (_, k) =>
  Array.from({ length: k + 1 }, (_, i) => 1 / (i + 1)).reduce((a, b) => a * b),
);

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
