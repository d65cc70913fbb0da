/** What there is to say of a scalar function; the rows are in scalars-unary.ts and scalars-binary.ts. */
import type { DType } from "../tensor/dtype.ts";
import type { Arithmetic } from "./arithmetic.ts";
import type { Value } from "./op.ts";

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

/** The result's dtype of a function applied to `argument`. */
export function resultDType(row: Row, argument: DType): DType {
  return row.result === "same" ? argument : "bool";
}
