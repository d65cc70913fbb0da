import { type Shape, sizeOf } from "../tensor/shape.ts";

/** Tensors that are packed into one buffer start at multiples of this many elements (256 bytes, WebGPU's rule). */
export const PACK_ALIGNMENT = 64;

/** Where each of `shapes` starts in a packed buffer, in elements, and how many elements it has in all. */
export function packedOffsets(shapes: readonly Shape[]): { offsets: number[]; length: number } {
  let length = 0;
  const offsets = shapes.map((shape) => {
    const offset = length;
    length += roomOf(sizeOf(shape));
    return offset;
  });
  return { offsets, length };
}

/** What so many elements take in a pack, with the padding behind them. */
export function roomOf(elements: number): number {
  return Math.ceil(elements / PACK_ALIGNMENT) * PACK_ALIGNMENT;
}

/** Places of a pack that hold elements, one behind the other. */
export interface Segment {
  readonly start: number;
  readonly length: number;
}

/** Where a pack of `shapes` holds elements; undefined where it does everywhere. */
export function segmentsOf(shapes: readonly Shape[]): readonly Segment[] | undefined {
  const { offsets, length } = packedOffsets(shapes);
  const segments: Segment[] = [];
  shapes.forEach((shape, i) => {
    const [start, own] = [offsets[i] ?? 0, sizeOf(shape)];
    const last = segments.at(-1);
    if (own === 0) return;
    if (last !== undefined && last.start + last.length === start)
      segments[segments.length - 1] = { ...last, length: last.length + own };
    else segments.push({ start, length: own });
  });
  return segments[0]?.length === length ? undefined : segments;
}

/** The same places in pieces of at most `most` elements, each of which starts where a packed tensor may. */
export function piecesOf(segments: readonly Segment[], most: number): Segment[] {
  const size = Math.max(PACK_ALIGNMENT, most - (most % PACK_ALIGNMENT));
  return segments.flatMap(({ start, length }) =>
    Array.from({ length: Math.ceil(length / size) }, (_, i) => ({
      start: start + i * size,
      length: Math.min(size, length - i * size),
    })),
  );
}

/** What of them lies in [from, from + length), counted from there. */
export function segmentsIn(
  segments: readonly Segment[],
  from: number,
  length: number,
): readonly Segment[] {
  return segments.flatMap((segment): Segment[] => {
    const start = Math.max(segment.start, from);
    const end = Math.min(segment.start + segment.length, from + length);
    return start < end ? [{ start: start - from, length: end - start }] : [];
  });
}
