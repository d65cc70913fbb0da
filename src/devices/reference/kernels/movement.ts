import { packedOffsets } from "../../../ops/packed.ts";
import { broadcastStrides, flippedView, stridesOf } from "../../../tensor/shape.ts";
import type { ReferenceTable, ReferenceTensor } from "../kernel.ts";
import { offsets } from "./offsets.ts";

/** out[i] = x[from[i]]. */
function gather(x: ReferenceTensor, out: ReferenceTensor, from: Uint32Array): void {
  for (let i = 0; i < from.length; i++) out.data[i] = x.data[from[i] ?? 0] ?? 0;
}

/** out[to[i]] = x[i]. */
function scatter(x: ReferenceTensor, out: ReferenceTensor, to: Uint32Array): void {
  for (let i = 0; i < to.length; i++) out.data[to[i] ?? 0] = x.data[i] ?? 0;
}

/** Where the block of a contiguous tensor begins whose first element has the index `starts`. */
function startOf(starts: readonly number[], strides: readonly number[]): number {
  return starts.reduce((sum, start, d) => sum + start * (strides[d] ?? 0), 0);
}

export const movementKernels = {
  reshape: ({ ins: { x }, outs: { out } }) => out.data.set(x.data),

  stopGradient: ({ ins: { x }, outs: { out } }) => out.data.set(x.data),
  withGradient: ({ ins: { x }, outs: { out } }) => out.data.set(x.data),
  recompute: ({ ins: { x }, outs: { out } }) => out.data.set(x.data),

  broadcastTo({ ins: { x }, outs: { out } }) {
    const { shape } = out.type;
    gather(x, out, offsets(shape, broadcastStrides(x.type.shape, shape)));
  },

  transpose({ ins: { x }, outs: { out }, attrs: { permutation } }) {
    const strides = stridesOf(x.type.shape);
    const permuted = permutation.map((d) => strides[d] ?? 0);
    gather(x, out, offsets(out.type.shape, permuted));
  },

  flip({ ins: { x }, outs: { out }, attrs: { axes } }) {
    const { offset, strides } = flippedView(x.type.shape, axes);
    gather(x, out, offsets(x.type.shape, strides, offset));
  },

  slice({ ins: { x }, outs: { out }, attrs: { starts } }) {
    const strides = stridesOf(x.type.shape);
    gather(x, out, offsets(out.type.shape, strides, startOf(starts, strides)));
  },

  pad({ ins: { x }, outs: { out }, attrs: { padding } }) {
    const strides = stridesOf(out.type.shape);
    const starts = padding.map(([before]) => before);
    out.data.fill(0);
    scatter(x, out, offsets(x.type.shape, strides, startOf(starts, strides)));
  },

  concat({ ins: { xs }, outs: { out }, attrs: { axis } }) {
    const strides = stridesOf(out.type.shape);
    let start = 0;
    for (const x of xs) {
      scatter(x, out, offsets(x.type.shape, strides, start));
      start += (x.type.shape[axis] ?? 0) * (strides[axis] ?? 0);
    }
  },

  pack({ ins: { xs }, outs: { out } }) {
    const { offsets } = packedOffsets(xs.map(({ type }) => type.shape));
    out.data.fill(0);
    for (const [i, x] of xs.entries()) out.data.set(x.data, offsets[i]);
  },
} satisfies Pick<
  ReferenceTable,
  | "reshape"
  | "stopGradient"
  | "withGradient"
  | "recompute"
  | "broadcastTo"
  | "transpose"
  | "flip"
  | "slice"
  | "pad"
  | "concat"
  | "pack"
>;
