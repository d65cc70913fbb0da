/** Circular and hyperbolic functions, their inverses, and what is made of them: angles in radians. */
import type { Arithmetic } from "../ops/arithmetic.ts";
import type { Value } from "../ops/op.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { type Operand, operandsOf } from "./apply.ts";
import {
  abs,
  add,
  cos,
  div,
  equal,
  exp,
  finite,
  greater,
  greaterEqual,
  less,
  log,
  mul,
  neg,
  not,
  or,
  reciprocal,
  sign,
  sin,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from "./elementwise.ts";
import { float, horner, type Unary, withSlope } from "./float.ts";
import { log1p } from "./logarithms.ts";
import { stopGradient } from "./movement.ts";

const QUARTER = Math.PI / 2;

/**
 * sin(x) / cos(x).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const tan: Unary = (x) =>
  withSlope("tan", x, div(sin(float("tan", x)), cos(x)), (m, _, y) => m.add(m.mul(y, y), 1));

/**
 * The angle in [−π/2, π/2] whose sine is x; NaN beyond ±1.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const asin: Unary = (x) => {
  float("asin", x);
  // The tangent of half the angle, which has no pole: √(1 − x²) of the factors keeps its digits near ±1.
  const cosine = sqrt(mul(sub(1, x), add(1, x)));
  const angle = mul(2, flatAngle(div(x, add(1, cosine))));
  return withSlope("asin", x, angle, steepness);
};

/** 1 / √(1 − x²). */
function steepness(m: Arithmetic, x: Value): Value {
  return m.unary("reciprocal", m.unary("sqrt", m.mul(m.sub(1, x), m.add(x, 1))));
}

/**
 * The angle in [0, π] whose cosine is x; NaN beyond ±1.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const acos: Unary = (x) => {
  float("acos", x);
  const angle = mul(2, atan(sqrt(div(sub(1, x), add(1, x)))));
  return withSlope("acos", x, angle, (m, own) => m.unary("neg", steepness(m, own)));
};

/**
 * The angle in (−π/2, π/2) whose tangent is x; ±π/2 of ±∞.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function atan(x: Tensor): Tensor {
  float("atan", x);
  const isSteep = greater(abs(x), 1);
  const angle = flatAngle(where(isSteep, reciprocal(x), x));
  const y = where(isSteep, sub(mul(sign(x), QUARTER), angle), angle);
  return withSlope("atan", x, y, (m, own) => m.unary("reciprocal", m.add(m.mul(own, own), 1)));
}

/**
 * The angle of the point (x, y), in [−π, π]; the gradient at the origin is 0. Zeros count by their signs, as in C: ±π of
 * y = ±0 left of the origin; a GPU whose driver drops the sign of a zero takes it for 0. Shapes broadcast. f32.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are f32; ArgumentError for what is neither
 *   tensor nor number
 */
export function atan2(ordinate: Operand, abscissa: Operand): Tensor {
  const [y0, x0] = operandsOf("atan2", ordinate, abscissa, { names: ["y", "x"] });
  // Towards infinity on both axes the angle is that of the signs.
  const isCorner = not(or(finite(y0), finite(x0)));
  const y = where(isCorner, sign(y0), y0);
  const x = where(isCorner, sign(x0), x0);
  const isSteep = greater(abs(y), abs(x));
  const divisor = where(isSteep, y, x);
  const isOrigin = equal(divisor, 0);
  const shorter = where(isSteep, x, y);
  const ratio = div(where(isOrigin, stopGradient(shorter), shorter), where(isOrigin, 1, divisor));
  const angle = flatAngle(ratio);
  const turned = add(angle, where(isNegative(y), -Math.PI, Math.PI));
  // Nothing is added where nothing is turned: −0 + 0 is 0.
  const flat = where(isNegative(x), turned, angle);
  return where(isSteep, sub(mul(sign(y), QUARTER), angle), flat);
}

/** Below 0, or −0, whose reciprocal is. */
function isNegative(x: Tensor): Tensor {
  return or(less(x, 0), less(reciprocal(x), 0));
}

/** The angle whose tangent is x, |x| ≤ 1: halved twice, its tangent is below 0.2 and the series ends at 10⁻¹². */
function flatAngle(x: Tensor): Tensor {
  const s = halfTangent(halfTangent(x));
  return mul(mul(4, s), horner(square(s), [1, -1 / 3, 1 / 5, -1 / 7, 1 / 9, -1 / 11, 1 / 13]));
}

/** tan(φ/2) from tan φ. */
function halfTangent(x: Tensor): Tensor {
  return div(x, add(1, sqrt(add(1, square(x)))));
}

/**
 * (eˣ − e⁻ˣ) / 2.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function sinh(x: Tensor): Tensor {
  const { isNear, t, rising, falling } = halves(float("sinh", x));
  const far = mul(sign(x), sub(rising, falling));
  return where(isNear, div(mul(2, t), sub(1, square(t))), far);
}

/**
 * (eˣ + e⁻ˣ) / 2.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function cosh(x: Tensor): Tensor {
  const { isNear, t, rising, falling } = halves(float("cosh", x));
  const squared = square(t);
  return where(isNear, div(add(1, squared), sub(1, squared)), add(rising, falling));
}

/**
 * What sinh and cosh are made of: near 0 tanh(x / 2), of which nothing cancels in value and gradient; elsewhere halves of
 * e^|x| and e^−|x|. The first is taken of |x| − 1, which is exact, because e^|x| is infinite before its half is.
 */
function halves(x: Tensor) {
  const isNear = less(abs(x), 1);
  const t = tanh(mul(where(isNear, x, 0), 0.5));
  const size = where(isNear, 1, abs(x));
  const rising = mul(Math.E / 2, exp(sub(size, 1)));
  return { isNear, t, rising, falling: mul(0.5, exp(neg(size))) };
}

/**
 * The number whose hyperbolic sine is x.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function asinh(x: Tensor): Tensor {
  float("asinh", x);
  const isSmall = less(abs(x), 0.5);
  const inner = where(isSmall, x, 0);
  const root = sqrt(add(1, square(inner)));
  const near = log1p(add(inner, div(square(inner), add(1, root))));
  // √(1 + 1/x²) cannot overflow.
  const size = where(isSmall, 1, abs(x));
  const far = add(log(size), log(add(1, sqrt(add(1, square(reciprocal(size)))))));
  return where(isSmall, near, mul(sign(x), far));
}

/**
 * The number of 0 or more whose hyperbolic cosine is x; NaN below 1.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function acosh(x: Tensor): Tensor {
  float("acosh", x);
  const isFar = greater(x, 2);
  const inner = where(isFar, 2, x);
  const above = sub(inner, 1);
  const near = log1p(add(above, mul(sqrt(above), sqrt(add(inner, 1)))));
  // √(1 − 1/x²) neither overflows nor cancels beyond 2.
  const size = where(isFar, x, 2);
  const far = add(log(size), log(add(1, sqrt(sub(1, square(reciprocal(size)))))));
  return where(isFar, far, near);
}

/**
 * The number whose hyperbolic tangent is x; ±∞ of ±1, NaN beyond.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const atanh: Unary = (x) =>
  withSlope("atanh", x, mul(0.5, sub(log1p(float("atanh", x)), log1p(neg(x)))), (m, own) =>
    m.unary("reciprocal", m.mul(m.sub(1, own), m.add(own, 1))),
  );

/**
 * √(a² + b²), which neither overflows nor vanishes on the way; its gradient at the origin is 0. Shapes broadcast. f32.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are f32; ArgumentError for what is neither
 *   tensor nor number
 */
export function hypot(left: Operand, right: Operand): Tensor {
  const [a, b] = operandsOf("hypot", left, right);
  const [x, y] = [abs(a), abs(b)];
  // Chosen, not maximum and minimum: where the two are equal each of those shares its gradient as it likes.
  const isFirst = greaterEqual(x, y);
  const [large, small] = [where(isFirst, x, y), where(isFirst, y, x)];
  // Without a finite ratio, the larger one is the answer.
  const ratio = div(small, where(greater(large, 0), large, 1));
  return mul(large, sqrt(add(1, square(where(finite(large), ratio, 0)))));
}
