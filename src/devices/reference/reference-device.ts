/**
 * The reference implementation: a plain loop for every op, over any typed array. In float64 it is the oracle that
 * kernels and gradients are tested against; in f32 it is what a device falls back on for an op it has no kernel for.
 */
import type { Attrs, ByInput, ByOutput, OpName } from "../../ops/vocabulary.ts";
import { hostArray } from "../../tensor/dtype.ts";
import { sizeOf, type TensorType } from "../../tensor/shape.ts";
import type { ReferenceTensor } from "./kernel.ts";
import { referenceKernels } from "./table.ts";

/** What f32 tensors are held in: Float64Array or Float32Array. Integers and bools are exact either way. */
export type Precision = "f64" | "f32";

/** A zero-filled tensor. */
export function referenceTensor(type: TensorType, precision: Precision): ReferenceTensor {
  const length = sizeOf(type.shape);
  const isDouble = type.dtype === "f32" && precision === "f64";
  return { type, data: isDouble ? new Float64Array(length) : hostArray(type.dtype, length) };
}

/**
 * Writes every element of `site.outs`. An output that overwrites an input must hold a copy of it, or be the input
 * itself.
 */
export function runReference<K extends OpName>(
  op: K,
  site: {
    readonly ins: ByInput<K, ReferenceTensor>;
    readonly outs: ByOutput<K, ReferenceTensor>;
    readonly attrs: Attrs<K>;
  },
): void {
  referenceKernels[op](site);
}
