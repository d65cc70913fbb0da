import { type Shape, sizeOf } from "../../../tensor/shape.ts";

/**
 * For every element of a tensor of `shape`, in row-major order, where it lies in memory that is read with `strides`
 * from `start` on.
 */
export function offsets(shape: Shape, strides: readonly number[], start = 0): Uint32Array {
  const out = new Uint32Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  let offset = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = offset;
    // Count up: the last dimension first, with a carry into the one before it.
    for (let d = shape.length - 1; d >= 0; d--) {
      const next = (index[d] ?? 0) + 1;
      offset += strides[d] ?? 0;
      index[d] = next;
      if (next < (shape[d] ?? 0)) break;
      offset -= next * (strides[d] ?? 0);
      index[d] = 0;
    }
  }
  return out;
}
