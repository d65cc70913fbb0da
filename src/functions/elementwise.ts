/** Elementwise functions. Shapes broadcast by NumPy's rule; a number stands for a scalar of the other operand's dtype. */
import type { BinaryName, UnaryName } from "../ops/scalars.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkDTypeName, type DType } from "../tensor/dtype.ts";
import { apply, checkTensor, literal, type Operand, operands } from "./apply.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Operand, b: Operand) => Tensor;

function unary(fn: UnaryName): Unary {
  return (x) => apply("unary", { x }, { fn });
}

function binary(fn: BinaryName, verb: string = fn): Binary {
  return (left, right) => {
    const [a, b] = operands(verb, left, right);
    return apply("binary", { a, b }, { fn });
  };
}

/** −x, of f32 or i32. */
export const neg = unary("neg");
/** |x|, of f32 or i32; the gradient at 0 is 0. */
export const abs = unary("abs");
/** −1, 0 or 1; NaN of NaN. */
export const sign = unary("sign");
/** eˣ. */
export const exp = unary("exp");
/** The natural logarithm. */
export const log = unary("log");
/** √x; NaN below 0. */
export const sqrt = unary("sqrt");
/** 1 / x. */
export const reciprocal = unary("reciprocal");
/** 1 / √x. */
export const rsqrt: Unary = (x) => reciprocal(sqrt(x));
/** x². */
export const square = unary("square");
/** sin x, in radians. */
export const sin = unary("sin");
/** cos x, in radians. */
export const cos = unary("cos");
/** (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). */
export const tanh = unary("tanh");
/** 1 / (1 + exp(−x)). */
export const sigmoid = unary("sigmoid");
/** max(x, 0); its gradient at 0 is 0. */
export const relu = unary("relu");
/** The error function, 2 / √π ∫₀ˣ exp(−t²) dt. */
export const erf = unary("erf");
/** log(1 + exp(x)). */
export const softplus = unary("softplus");
/** The largest whole number that is not above x; its gradient is 0. */
export const floor = unary("floor");
/** The smallest whole number that is not below x; its gradient is 0. */
export const ceil = unary("ceil");
/** bool → bool. */
export const not = unary("not");
/** bool: neither NaN nor infinite. */
export const finite = unary("isFinite");

/** a + b. */
export const add = binary("add");
/** a − b. */
export const sub = binary("sub");
/** a · b. */
export const mul = binary("mul");
/** a / b; integers are truncated towards zero. */
export const div = binary("div");
/** aᵇ, of f32. */
export const pow = binary("pow");
/** The larger of two, NaN where one is; where they are equal the gradient goes to `a`. */
export const maximum = binary("max", "maximum");
/** The smaller of two, NaN where one is; where they are equal the gradient goes to `a`. */
export const minimum = binary("min", "minimum");
/** bool: whether a < b. */
export const less = binary("less");
/** bool: whether a ≤ b. */
export const lessEqual = binary("lessEqual");
/** bool: whether a > b. */
export const greater = binary("greater");
/** bool: whether a ≥ b. */
export const greaterEqual = binary("greaterEqual");
/** bool: whether a = b; NaN equals nothing. */
export const equal = binary("equal");
/** bool: whether a ≠ b; true of NaN. */
export const notEqual = binary("notEqual");
/** bool: whether both hold. */
export const and = binary("and");
/** bool: whether one holds, or both. */
export const or = binary("or");

/** a where `condition` (bool) holds, b elsewhere. */
export function where(condition: Tensor, left: Operand, right: Operand): Tensor {
  const [a, b] = operands("where", left, right);
  return apply("where", { condition, a, b }, {});
}

/** min(max(x, low), high). */
export function clip(x: Tensor, low: number, high: number): Tensor {
  return minimum(maximum(x, low), high);
}

/** x with elements of another type: f32 → integer truncates towards zero, number → bool is x ≠ 0. */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkDTypeName("cast", dtype);
  return apply("cast", { x }, { dtype });
}

/** A number or a tensor as a tensor. */
export function asTensor(x: Operand, dtype: DType = "f32"): Tensor {
  if (typeof x === "number") return literal(x, dtype, "asTensor");
  checkTensor("asTensor", x);
  return x;
}
