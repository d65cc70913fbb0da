import type { Shape } from "../../../tensor/shape.ts";

/** A shape walked with several lists of strides. */
export interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** The same walk with as few dimensions as possible: those of size 1 go, neighbours that every list allows merge. */
export function mergeDimensions(shape: Shape, strides: readonly (readonly number[])[]): Walk {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d] ?? 1;
    if (size === 1) continue;
    const last = sizes.length - 1;
    const continues =
      last >= 0 && strides.every((list, k) => merged[k]?.[last] === (list[d] ?? 0) * size);
    if (continues) {
      sizes[last] = (sizes[last] ?? 1) * size;
    } else {
      sizes.push(size);
    }
    strides.forEach((list, k) => {
      const target = merged[k];
      if (target !== undefined) target[sizes.length - 1] = list[d] ?? 0;
    });
  }
  return { shape: sizes, strides: merged };
}
