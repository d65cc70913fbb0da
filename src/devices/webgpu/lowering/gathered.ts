/** Tensors that a kernel reaches through one binding. */
import { PACK_ALIGNMENT } from "../../../ops/packed.ts";
import type { KernelCall, Region } from "../../../scheduler/lowering.ts";
import { sizeOf, type TensorType } from "../../../tensor/shape.ts";
import { lowerCopy } from "./movement.ts";

export interface Gathered {
  /** Covers all of them. */
  readonly region: Region;
  /** Where each begins in it, in elements: multiples of PACK_ALIGNMENT. */
  readonly offsets: readonly number[];
  /** What brings them together, where they did not lie in one buffer: empty for most. */
  readonly copies: readonly KernelCall[];
}

/**
 * Tensors of one buffer are reached where they lie, however far apart, up to `maxBytes`; others are copied to memory
 * of the call's own. There must be one at least.
 */
export function gather(
  regions: readonly Region[],
  maxBytes: number,
  scratch: (type: TensorType) => Region,
): Gathered {
  const buffers = new Set(regions.map(({ buffer }) => buffer));
  const start = Math.min(...regions.map(({ offset }) => offset));
  const end = Math.max(...regions.map(({ offset, type }) => offset + sizeOf(type.shape)));
  const [first] = regions;
  if (first !== undefined && buffers.size === 1 && (end - start) * 4 <= maxBytes) {
    return {
      region: { buffer: first.buffer, offset: start, type: f32(end - start) },
      offsets: regions.map(({ offset }) => offset - start),
      copies: [],
    };
  }
  return gatherCopies(regions, maxBytes, scratch);
}

/** The same tensor is copied once. */
function gatherCopies(
  regions: readonly Region[],
  maxBytes: number,
  scratch: (type: TensorType) => Region,
): Gathered {
  const places = new Map<string, { readonly from: Region; readonly offset: number }>();
  const keyOf = ({ buffer, offset }: Region) => `${buffer}:${offset}`;
  let length = 0;
  for (const from of regions) {
    if (places.has(keyOf(from))) continue;
    places.set(keyOf(from), { from, offset: length });
    length += Math.ceil(sizeOf(from.type.shape) / PACK_ALIGNMENT) * PACK_ALIGNMENT;
  }
  const region = scratch(f32(length));
  const copies = [...places.values()].flatMap(({ from, offset }) =>
    lowerCopy(from, { ...region, offset: region.offset + offset, type: from.type }, maxBytes),
  );
  return { region, offsets: regions.map((from) => places.get(keyOf(from))?.offset ?? 0), copies };
}

function f32(length: number): TensorType {
  return { dtype: "f32", shape: [length] };
}
