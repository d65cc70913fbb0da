import type { Shape } from "./shape.ts";

/** A shape walked with several lists of strides, each the elements from one to the next along every dimension. */
export interface Walk {
  readonly shape: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** The same walk with as few dimensions as possible: those of size 1 go, neighbours that every list allows merge. */
export function mergeDimensions(shape: Shape, strides: readonly (readonly number[])[]): Walk {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  shape.forEach((size, d) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    const joins =
      last >= 0 && strides.every((list, k) => merged[k]?.[last] === (list[d] ?? 0) * size);
    const at = joins ? last : sizes.length;
    sizes[at] = joins ? (sizes[last] ?? 1) * size : size;
    strides.forEach((list, k) => {
      const own = merged[k];
      if (own !== undefined) own[at] = list[d] ?? 0;
    });
  });
  return { shape: sizes, strides: merged };
}
