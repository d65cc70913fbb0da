/** Between a parameter's own layout, which the kernels like, and PyTorch's, in which weights travel. */
import { type Shape, sizeOf } from "../functions.ts";
import type { Parameter, StateEntry, StateLayout, StatePiece } from "./module.ts";
import { strided } from "./strided.ts";

/** Under which names and in which shape the parameter `name` is exported. */
export function layoutOf(name: string, { variable, layout }: Parameter): StateLayout {
  const { shape } = variable;
  return layout ?? { names: [name], permutation: shape.map((_, d) => d), shape };
}

/** For each of the layout's names the part of that entry which the parameter is. */
export function piecesOf({ names, shape, pieces }: StateLayout): readonly StatePiece[] {
  return pieces ?? names.map(() => ({ shape, start: 0, count: sizeOf(shape) }));
}

/** `data`, laid out as the parameter, as one entry for each of the layout's names; what is another's part is 0. */
export function toEntries(data: Float32Array, shape: Shape, layout: StateLayout): StateEntry[] {
  const turned = permuted(data, shape, layout.permutation);
  return piecesOf(layout).map((piece, i) => {
    const entry = new Float32Array(sizeOf(piece.shape));
    if (i === 0) entry.set(turned.subarray(0, piece.count), piece.start);
    return { shape: piece.shape, data: entry };
  });
}

/** The reverse of {@link toEntries}: the sum of the entries' parts, laid out as a parameter of `shape`. */
export function fromEntries(
  entries: readonly StateEntry[],
  shape: Shape,
  layout: StateLayout,
): Float32Array {
  const total = new Float32Array(sizeOf(shape));
  for (const [n, { start, count }] of piecesOf(layout).entries()) {
    const part = entries[n]?.data.subarray(start, start + count) ?? [];
    for (let i = 0; i < count; i++) total[i] = (total[i] ?? 0) + (part[i] ?? 0);
  }
  const inverse = layout.permutation.map((_, d) => layout.permutation.indexOf(d));
  return permuted(total, permutedShape(shape, layout.permutation), inverse);
}

/** Dimension d of the result is dimension permutation[d] of `data`, which has `shape`. */
export function permuted(
  data: Float32Array,
  shape: Shape,
  permutation: readonly number[],
): Float32Array {
  const strides = permutation.map((d) => sizeOf(shape.slice(d + 1)));
  return strided(data, { offset: 0, shape: permutedShape(shape, permutation), strides });
}

function permutedShape(shape: Shape, permutation: readonly number[]): number[] {
  return permutation.map((d) => shape[d] ?? 1);
}
