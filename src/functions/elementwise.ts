/** Elementwise functions. Shapes broadcast by NumPy's rule; a number stands for a scalar of the other operand's dtype. */
import { check, rule } from "../arguments.ts";
import { checkDType } from "../ops/check.ts";
import { type BinaryName, unary as scalars, type UnaryName } from "../ops/scalars.ts";
import { Tensor } from "../runtime/tensor.ts";
import { checkDTypeName, type DType } from "../tensor/dtype.ts";
import { apply, checkTensor, literal, type Operand, operands, operandsOf } from "./apply.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;

function unary(fn: UnaryName, verb: string = fn): Unary {
  return (x) => {
    checkTensor(verb, x);
    checkDType(verb, "x", x, scalars[fn].takes);
    return apply("unary", { x }, { fn });
  };
}

function binary(fn: BinaryName, verb: string = fn): Binary {
  return (left, right) => {
    const [a, b] = operands(verb, left, right);
    return apply("binary", { a, b }, { fn });
  };
}

/**
 * −x, of f32 or i32.
 * @throws DTypeError unless x is f32 or i32; ArgumentError for what is no tensor
 */
export const neg = unary("neg");
/**
 * |x|, of f32 or i32; the gradient at 0 is 0.
 * @throws DTypeError unless x is f32 or i32; ArgumentError for what is no tensor
 */
export const abs = unary("abs");
/**
 * −1, 0 or 1; NaN of NaN. Of f32 or i32; its gradient is 0.
 * @throws DTypeError unless x is f32 or i32; ArgumentError for what is no tensor
 */
export const sign = unary("sign");
/**
 * eˣ.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const exp = unary("exp");
/**
 * The natural logarithm.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const log = unary("log");
/**
 * √x; NaN below 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const sqrt = unary("sqrt");
/**
 * 1 / x.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const reciprocal = unary("reciprocal");
/**
 * 1 / √x.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function rsqrt(x: Tensor): Tensor {
  checkTensor("rsqrt", x);
  checkDType("rsqrt", "x", x, ["f32"]);
  return reciprocal(sqrt(x));
}
/**
 * x². Of f32, i32 or u32.
 * @throws DTypeError for bool; ArgumentError for what is no tensor
 */
export const square = unary("square");
/**
 * sin x, in radians.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const sin = unary("sin");
/**
 * cos x, in radians.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const cos = unary("cos");
/**
 * (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const tanh = unary("tanh");
/**
 * 1 / (1 + exp(−x)).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const sigmoid = unary("sigmoid");
/**
 * max(x, 0); its gradient at 0 is 0. Of f32.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const relu = unary("relu");
/**
 * The error function, 2 / √π ∫₀ˣ exp(−t²) dt.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const erf = unary("erf");
/**
 * log(1 + exp(x)).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const softplus = unary("softplus");
/**
 * The largest whole number that is not above x; its gradient is 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const floor = unary("floor");
/**
 * The smallest whole number that is not below x; its gradient is 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const ceil = unary("ceil");
/**
 * bool → bool.
 * @throws DTypeError unless x is bool; ArgumentError for what is no tensor
 */
export const not = unary("not");
/**
 * bool: neither NaN nor infinite. Of f32.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const finite = unary("isFinite", "finite");

/**
 * a + b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const add = binary("add");
/**
 * a − b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const sub = binary("sub");
/**
 * a · b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const mul = binary("mul");
/**
 * a / b; integers are truncated towards zero. A whole number divided by 0 is itself. Shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const div = binary("div");
/**
 * aᵇ, of f32. A negative base takes whole exponents, and is NaN with others; 0⁰ = 1. The numbers 2 and 3 as exponents are
 * multiplied out. Shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are f32; ArgumentError for what is neither
 *   tensor nor number
 */
export const pow: Binary = (a, b) => {
  const isFloat = a instanceof Tensor && a.dtype === "f32";
  if (isFloat && b === 2) return square(a);
  if (isFloat && b === 3) return mul(square(a), a);
  return power(a, b);
};
const power = binary("pow");
/**
 * The larger of two, NaN where one is; where they are equal the gradient goes to `a`. Of f32, i32 or u32; shapes
 * broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const maximum = binary("max", "maximum");
/**
 * The smaller of two, NaN where one is; where they are equal the gradient goes to `a`. Of f32, i32 or u32; shapes
 * broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const minimum = binary("min", "minimum");
/**
 * bool: whether a < b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const less = binary("less");
/**
 * bool: whether a ≤ b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const lessEqual = binary("lessEqual");
/**
 * bool: whether a > b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const greater = binary("greater");
/**
 * bool: whether a ≥ b. Of f32, i32 or u32; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ or are bool; ArgumentError for what
 *   is neither tensor nor number
 */
export const greaterEqual = binary("greaterEqual");
/**
 * bool: whether a = b; NaN equals nothing. Of any dtype; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ; ArgumentError for what is neither
 *   tensor nor number
 */
export const equal = binary("equal");
/**
 * bool: whether a ≠ b; true of NaN. Of any dtype; shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError where dtypes differ; ArgumentError for what is neither
 *   tensor nor number
 */
export const notEqual = binary("notEqual");
/**
 * bool: whether both hold. Shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are bool; ArgumentError for what is no
 *   tensor
 */
export const and = binary("and");
/**
 * bool: whether one holds, or both. Shapes broadcast.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless both are bool; ArgumentError for what is no
 *   tensor
 */
export const or = binary("or");

/**
 * a where `condition` (bool) holds, b elsewhere. Of any dtype; all three broadcast. The gradient goes where the value
 * came from.
 * @throws ShapeError where shapes do not broadcast; DTypeError unless `condition` is bool, and where a and b differ;
 *   ArgumentError for what is neither tensor nor number
 */
export function where(condition: Tensor, left: Operand, right: Operand): Tensor {
  const [a, b] = operands("where", left, right);
  return apply("where", { condition, a, b }, {});
}

const NUMBERS = ["f32", "i32", "u32"] as const;
const BOUND = rule(
  "a number",
  (value) => typeof value === "number" || value instanceof Tensor,
  "Infinity and -Infinity are no bounds.",
);

/**
 * min(max(x, low), high). Of f32, i32 or u32; the gradient is 1 inside and at the bounds, 0 outside.
 * @throws DTypeError for bool; ArgumentError for what is no tensor, and for bounds that are no numbers or that x's
 *   dtype does not hold
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  checkTensor("clip", x);
  check("clip", "low", low, BOUND);
  check("clip", "high", high, BOUND);
  const [own, lowest] = operandsOf("clip", x, low, { names: ["x", "low"], takes: NUMBERS });
  const [, highest] = operandsOf("clip", x, high, { names: ["x", "high"], takes: NUMBERS });
  return minimum(maximum(own, lowest), highest);
}

/**
 * x with elements of another type: f32 → integer truncates towards zero, number → bool is x ≠ 0. Gradients pass from
 * f32 to f32 only.
 * @throws DTypeError for a dtype that there is not; ArgumentError for what is no tensor
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkDTypeName("cast", dtype);
  return apply("cast", { x }, { dtype });
}

/**
 * A number or a tensor as a tensor. A number gets `dtype`, f32 where nothing is said; a tensor keeps its own.
 * @throws DTypeError for a dtype that there is not; ArgumentError for a number that it does not hold, and for what is
 *   neither
 */
export function asTensor(x: Operand, dtype: DType = "f32"): Tensor {
  if (typeof x === "number") return literal(x, dtype, "asTensor");
  checkTensor("asTensor", x);
  return x;
}
