import { ops } from "../../../src/ops/table.ts";
import type { Attrs, ByInput, ByOutput, OpName } from "../../../src/ops/vocabulary.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { TensorType } from "../../../src/tensor/shape.ts";

export const f32 = (...shape: number[]): TensorType => ({ dtype: "f32", shape });
export const of = (dtype: DType, ...shape: number[]): TensorType => ({ dtype, shape });

/** The types of an op's outputs. */
export function infer<K extends OpName>(
  op: K,
  ins: ByInput<K, TensorType>,
  attrs: Attrs<K>,
): ByOutput<K, TensorType> {
  return ops[op].infer(ins, attrs);
}
