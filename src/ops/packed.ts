import { type Shape, sizeOf } from "../tensor/shape.ts";

/** Tensors that are packed into one buffer start at multiples of this many elements (256 bytes, WebGPU's rule). */
export const PACK_ALIGNMENT = 64;

/** Where each of `shapes` starts in a packed buffer, in elements, and how many elements it has in all. */
export function packedOffsets(shapes: readonly Shape[]): { offsets: number[]; length: number } {
  let length = 0;
  const offsets = shapes.map((shape) => {
    const offset = length;
    length += Math.ceil(sizeOf(shape) / PACK_ALIGNMENT) * PACK_ALIGNMENT;
    return offset;
  });
  return { offsets, length };
}
