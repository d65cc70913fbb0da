/**
 * Scalar functions: one row each. A row is all there is to a function, apart from how the devices compute it
 * (by the same name in devices/cpu/emit/scalars.ts and devices/webgpu/lowering/scalars.ts) and its test case.
 *
 * What is not finite is treated as IEEE 754 and PyTorch do, on every device:
 *
 * | | |
 * |---|---|
 * | arithmetic, functions of one number, `pow` | NaN of NaN; but NaN⁰ = 1 and 1^NaN = 1 |
 * | `max`, `min`, `relu`, clipping, and `reduce` by max and min | NaN where one of the numbers is NaN |
 * | `sign` | NaN of NaN, ±1 of ±∞ |
 * | `log`, `sqrt` | NaN below 0; log 0 = −∞ |
 * | `sin`, `cos` | NaN of ±∞ |
 * | `less`, `lessEqual`, `greater`, `greaterEqual`, `equal` | false where one of the numbers is NaN |
 * | `notEqual` | true where one of the numbers is NaN |
 * | `isFinite` | false for NaN and ±∞ |
 * | `where` | what is not picked does not matter |
 * | `argmax`, maximum pooling | the first NaN wins |
 * | a cast to whole numbers | ±∞ saturate; NaN is 0, on a GPU any number; to bool NaN is true |
 */
import type { DType } from "../tensor/dtype.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Value } from "./op.ts";

// biome-ignore format: one page of names
export type UnaryName =
  | "neg" | "abs" | "sign" | "exp" | "log" | "sqrt" | "reciprocal" | "square" | "sin" | "cos" | "tanh" | "sigmoid"
  | "relu" | "gelu" | "erf" | "softplus" | "floor" | "ceil" | "not" | "isFinite";

// biome-ignore format: one page of names
export type BinaryName =
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min"
  | "less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual" | "and" | "or";

/** What all rows have. `result` is the result's dtype: that of the arguments, or bool for a question. */
interface Row {
  readonly takes: readonly DType[];
  readonly result: "same" | "bool";
}

/** A function of one number. */
export interface UnaryRow extends Row {
  /** The specification, in float64. Integers come in and go out as whole numbers within their dtype. */
  evaluate(x: number, dtype: DType): number;
  /** ∂loss/∂x from g = ∂loss/∂y and y = f(x); undefined where f is flat almost everywhere. */
  gradient(m: Arithmetic, x: Value, y: Value, g: Value): Value | undefined;
}

/** A function of two numbers of one dtype. */
export interface BinaryRow extends Row {
  evaluate(a: number, b: number, dtype: DType): number;
  /** ∂loss/∂a and ∂loss/∂b, in the shape of the result: the caller sums over broadcast dimensions. */
  gradient(
    m: Arithmetic,
    a: Value,
    b: Value,
    y: Value,
    g: Value,
  ): readonly [a: Value | undefined, b: Value | undefined];
}

export { binary } from "./scalars-binary.ts";
export { unary } from "./scalars-unary.ts";

/** The result's dtype of a function applied to `argument`. */
export function resultDType(row: Row, argument: DType): DType {
  return row.result === "same" ? argument : "bool";
}
