import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Emit, Value } from "./op.ts";
import type { BinaryName, ReduceName, UnaryName } from "./vocabulary.ts";

/** A value, or a number that stands for an f32 literal. */
export type Operand = Value | number;

/** Shorthand for the ops that gradients and composites are written with. */
export interface Arithmetic {
  literal(value: number, dtype?: DType): Value;
  unary(fn: UnaryName, x: Value): Value;
  binary(fn: BinaryName, a: Operand, b: Operand): Value;
  add(a: Operand, b: Operand): Value;
  sub(a: Operand, b: Operand): Value;
  mul(a: Operand, b: Operand): Value;
  div(a: Operand, b: Operand): Value;
  where(condition: Value, a: Operand, b: Operand): Value;
  cast(x: Value, dtype: DType): Value;
  reshape(x: Value, shape: Shape): Value;
  broadcastTo(x: Value, shape: Shape): Value;
  transpose(x: Value, permutation: readonly number[]): Value;
  slice(x: Value, starts: readonly number[], sizes: Shape): Value;
  reduce(fn: ReduceName, x: Value, axes: readonly number[], keepDims?: boolean): Value;
  sum(x: Value, axes: readonly number[], keepDims?: boolean): Value;
}

export function arithmetic(emit: Emit): Arithmetic {
  const literal = (value: number, dtype: DType = "f32") =>
    emit("literal", {}, { value, dtype }).out;
  const value = (x: Operand) => (typeof x === "number" ? literal(x) : x);
  const binary = (fn: BinaryName, a: Operand, b: Operand) =>
    emit("binary", { a: value(a), b: value(b) }, { fn }).out;
  const reduce = (fn: ReduceName, x: Value, axes: readonly number[], keepDims = false) =>
    emit("reduce", { x }, { fn, axes, keepDims }).out;
  return {
    literal,
    unary: (fn, x) => emit("unary", { x }, { fn }).out,
    binary,
    add: (a, b) => binary("add", a, b),
    sub: (a, b) => binary("sub", a, b),
    mul: (a, b) => binary("mul", a, b),
    div: (a, b) => binary("div", a, b),
    where: (condition, a, b) => emit("where", { condition, a: value(a), b: value(b) }, {}).out,
    cast: (x, dtype) => emit("cast", { x }, { dtype }).out,
    reshape: (x, shape) => emit("reshape", { x }, { shape }).out,
    broadcastTo: (x, shape) => emit("broadcastTo", { x }, { shape }).out,
    transpose: (x, permutation) => emit("transpose", { x }, { permutation }).out,
    slice: (x, starts, sizes) => emit("slice", { x }, { starts, sizes }).out,
    reduce,
    sum: (x, axes, keepDims = false) => reduce("sum", x, axes, keepDims),
  };
}
