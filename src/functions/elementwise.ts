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

export const neg = unary("neg");
export const abs = unary("abs");
/** −1, 0 or 1; NaN of NaN. */
export const sign = unary("sign");
export const exp = unary("exp");
/** The natural logarithm. */
export const log = unary("log");
export const sqrt = unary("sqrt");
/** 1 / x. */
export const reciprocal = unary("reciprocal");
/** 1 / √x. */
export const rsqrt: Unary = (x) => reciprocal(sqrt(x));
export const square = unary("square");
export const sin = unary("sin");
export const cos = unary("cos");
export const tanh = unary("tanh");
/** 1 / (1 + exp(−x)). */
export const sigmoid = unary("sigmoid");
/** max(x, 0); its gradient at 0 is 0. */
export const relu = unary("relu");
export const erf = unary("erf");
/** log(1 + exp(x)). */
export const softplus = unary("softplus");
export const floor = unary("floor");
export const ceil = unary("ceil");
/** bool → bool. */
export const not = unary("not");
/** bool: neither NaN nor infinite. */
export const finite = unary("isFinite");

export const add = binary("add");
export const sub = binary("sub");
export const mul = binary("mul");
/** a / b; integers are truncated towards zero. */
export const div = binary("div");
export const pow = binary("pow");
/** The larger of two, NaN where one is; where they are equal the gradient goes to `a`. */
export const maximum = binary("max", "maximum");
/** The smaller of two, NaN where one is; where they are equal the gradient goes to `a`. */
export const minimum = binary("min", "minimum");
export const less = binary("less");
export const lessEqual = binary("lessEqual");
export const greater = binary("greater");
export const greaterEqual = binary("greaterEqual");
export const equal = binary("equal");
export const notEqual = binary("notEqual");
export const and = binary("and");
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
