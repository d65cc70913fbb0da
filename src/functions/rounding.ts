/** Whole numbers near a number, and what division leaves. */
import type { Tensor } from "../runtime/tensor.ts";
import { type Operand, operandsOf } from "./apply.ts";
import {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  floor,
  greater,
  less,
  mul,
  neg,
  notEqual,
  or,
  sign,
  sub,
  where,
} from "./elementwise.ts";
import { float, type Unary } from "./float.ts";

const NUMBERS = { takes: ["f32", "i32", "u32"] } as const;

/**
 * The nearest whole number, of two the even one, as IEEE 754 and PyTorch round. Flat: its gradient is 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function round(x: Tensor): Tensor {
  const below = floor(float("round", x));
  const rest = sub(x, below);
  const isOdd = notEqual(mul(2, floor(mul(below, 0.5))), below);
  const isUp = or(greater(rest, 0.5), and(equal(rest, 0.5), isOdd));
  return add(below, cast(isUp, "f32"));
}

/**
 * x without what is behind the point.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const trunc: Unary = (x) => mul(sign(float("trunc", x)), floor(abs(x)));

/**
 * x − trunc(x).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const frac: Unary = (x) => sub(float("frac", x), trunc(x));

/**
 * What is left of a divided by b, with the sign of b: a − b ⌊a / b⌋, as Python's % and torch.remainder. f32, i32 and u32;
 * shapes broadcast. f32 is exact where b ⌊a / b⌋ is. Its gradient is 1 for a and −⌊a / b⌋ for b.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export function mod(left: Operand, right: Operand): Tensor {
  const [a, b] = operandsOf("mod", left, right, NUMBERS);
  const rest = a.dtype === "f32" ? restOf(a, b, floor(div(a, b))) : sub(a, mul(b, div(a, b)));
  // A quotient that was rounded up leaves what is on the wrong side of 0; so does one that was cut.
  const isWrong = and(notEqual(rest, 0), notEqual(less(rest, 0), less(b, 0)));
  return where(isWrong, add(rest, b), rest);
}

/**
 * What is left of a divided by b, with the sign of a: a − b trunc(a / b), as C's fmod. f32, i32 and u32; shapes
 * broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export function fmod(left: Operand, right: Operand): Tensor {
  const [a, b] = operandsOf("fmod", left, right, NUMBERS);
  if (a.dtype !== "f32") return sub(a, mul(b, div(a, b)));
  const rest = restOf(a, b, trunc(div(a, b)));
  const isWrong = and(notEqual(rest, 0), notEqual(less(rest, 0), less(a, 0)));
  return where(isWrong, add(rest, where(less(a, 0), neg(abs(b)), abs(b))), rest);
}

/** a − b · quotient, and a where that is 0: b may be infinite. */
function restOf(a: Tensor, b: Tensor, quotient: Tensor): Tensor {
  return sub(a, where(equal(quotient, 0), 0, mul(b, quotient)));
}

/**
 * ⌊a / b⌋, of f32, i32 and u32; shapes broadcast. Flat: its gradient is 0.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export function floorDiv(left: Operand, right: Operand): Tensor {
  const [a, b] = operandsOf("floorDiv", left, right, NUMBERS);
  if (a.dtype === "f32") return floor(div(a, b));
  const quotient = div(a, b);
  const rest = sub(a, mul(b, quotient));
  const isCut = and(notEqual(rest, 0), notEqual(less(rest, 0), less(b, 0)));
  return sub(quotient, cast(isCut, a.dtype));
}
