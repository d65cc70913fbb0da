import type { Attrs, ByInput, ByOutput, KernelOp, OpName } from "../../ops/vocabulary.ts";
import type { HostArray } from "../../tensor/dtype.ts";
import type { TensorType } from "../../tensor/shape.ts";

/**
 * A tensor of the reference kernels: contiguous, row-major. As the oracle f32 tensors are held in Float64Arrays,
 * as the fallback of a device in Float32Arrays; the kernels are the same.
 */
export interface ReferenceTensor {
  readonly type: TensorType;
  readonly data: Float64Array | HostArray;
}

/** What f32 tensors are held in: Float64Array or Float32Array. Integers and bools are exact either way. */
export type Precision = "f64" | "f32";

/** Writes every element of the outputs. Outputs that overwrite an input start as a copy of that input. */
type ReferenceKernel<K extends OpName> = (site: {
  readonly ins: ByInput<K, ReferenceTensor>;
  readonly outs: ByOutput<K, ReferenceTensor>;
  readonly attrs: Attrs<K>;
}) => void;

/** A scan is none of them: it is made of the others, see scan.ts. */
export type ReferenceTable = { readonly [K in KernelOp]: ReferenceKernel<K> };

/** The outputs of an op on tensors of its own: what is made of other ops is handed this. */
export type Evaluate = <K extends OpName>(
  op: K,
  ins: ByInput<K, ReferenceTensor>,
  attrs: Attrs<K>,
  precision: Precision,
) => ByOutput<K, ReferenceTensor>;
