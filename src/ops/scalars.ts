/**
 * Scalar functions: one row each. A row is all there is to a function, apart from its WASM loop (looked up by the
 * same name in devices/cpu) and its test case.
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
  /** A WGSL expression over an argument of dtype `dtype`, which may appear several times: pass a name. */
  wgsl(x: string, dtype: DType): string;
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
  wgsl(a: string, b: string, dtype: DType): string;
}

export { binary } from "./scalars-binary.ts";
export { unary } from "./scalars-unary.ts";

/** In WGSL a bool register is a `bool`: kernels load it with `!= 0u` and store it as `select(0u, 1u, x)`. */
export const wgslTypes = {
  f32: "f32",
  i32: "i32",
  u32: "u32",
  bool: "bool",
} as const satisfies Record<DType, string>;

/** The result's dtype of a function applied to `argument`. */
export function resultDType(row: Row, argument: DType): DType {
  return row.result === "same" ? argument : "bool";
}

/** A finite `value` as a WGSL literal of `dtype`. */
export function wgslLiteral(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "u32") return `${value}u`;
  // -2147483648 is no literal: the minus is an operator and 2147483648 does not fit.
  if (dtype === "i32") return value === -2147483648 ? "(-2147483647i - 1i)" : `i32(${value})`;
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** `select` picks its second argument where the condition holds. */
export function wgslWhere(condition: string, a: string, b: string): string {
  return `select(${b}, ${a}, ${condition})`;
}
