/** Between the host's arrays and tensors. */
import { type Tensor, tensor } from "gradgpu";
import type { Values } from "gradgpu/data";

export function tensorOf({ data, shape, dtype }: Values): Tensor {
  return tensor(data, shape, dtype);
}

/** Reads tensors of f32 by their names. */
export async function readAll<N extends string>(
  tensors: Readonly<Record<N, Tensor>>,
): Promise<Record<N, Float32Array>> {
  const read = Object.entries<Tensor>(tensors).map(
    async ([name, of]) => [name, Float32Array.from(await of.data())] as const,
  );
  // The names are those of `tensors`.
  return Object.fromEntries(await Promise.all(read)) as Record<N, Float32Array>;
}

/** The norm of each row of [rows, size]. */
export function normsOf(values: Float32Array, size: number): Float32Array {
  return Float32Array.from({ length: values.length / size }, (_, row) =>
    Math.hypot(...values.subarray(row * size, (row + 1) * size)),
  );
}
