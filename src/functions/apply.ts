import { emit, type GraphValue } from "../graph/graph.ts";
import type { Value } from "../ops/op.ts";
import type { Attrs, OpName, Vocabulary } from "../ops/vocabulary.ts";
import { Tensor } from "../runtime/tensor.ts";
import type { DType } from "../tensor/dtype.ts";

/** Ops with one output, which is called `out`. */
export type SingleOutputOp = {
  [K in OpName]: keyof Vocabulary[K]["outputs"] extends "out" ? K : never;
}[OpName];

/** The op's output as a tensor. */
export function apply<K extends SingleOutputOp>(
  op: K,
  ins: { readonly [I in keyof Vocabulary[K]["inputs"]]: Tensor | readonly Tensor[] | undefined },
  attrs: Attrs<K>,
): Tensor {
  const entries: [string, Tensor | readonly Tensor[] | undefined][] = Object.entries(ins);
  const values = Object.fromEntries(
    entries.map(([name, held]) => [
      name,
      held instanceof Tensor ? held.value : held?.map(({ value }) => value),
    ]),
  );
  const outs = emit(op, values as never, attrs) as { readonly out: Value };
  return wrap(outs.out);
}

/** Whatever `emit` returns is a graph value: ops see only their types. */
export function wrap(value: Value): Tensor {
  return new Tensor(value as GraphValue);
}

/** What the elementwise functions take: a number stands for a scalar of the other operand's dtype. */
export type Operand = Tensor | number;

export function literal(value: number, dtype: DType): Tensor {
  return apply("literal", {}, { value, dtype });
}

/** Both operands as tensors; two numbers are f32. */
export function operands(a: Operand, b: Operand): [Tensor, Tensor] {
  const dtype = a instanceof Tensor ? a.dtype : b instanceof Tensor ? b.dtype : "f32";
  return [a instanceof Tensor ? a : literal(a, dtype), b instanceof Tensor ? b : literal(b, dtype)];
}
