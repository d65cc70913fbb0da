import { keptShape, reducedCount } from "../../../ops/reduce.ts";
import type { ReduceName } from "../../../ops/vocabulary.ts";
import { sizeOf, stridesOf } from "../../../tensor/shape.ts";
import type { ReferenceTable } from "../kernel.ts";
import { offsets } from "./offsets.ts";

/** Whether x is the maximum of both and best is not; NaN is larger than all numbers. */
export function isLarger(x: number, best: number): boolean {
  return x > best || (Number.isNaN(x) && !Number.isNaN(best));
}

const start = { sum: 0, mean: 0, max: -Infinity, min: Infinity } as const satisfies Record<
  ReduceName,
  number
>;
const combine: { readonly [R in ReduceName]: (total: number, x: number) => number } = {
  sum: (total, x) => total + x,
  mean: (total, x) => total + x,
  max: Math.max,
  min: Math.min,
};

export const reduceKernels = {
  reduce({ ins: { x }, outs: { out }, attrs: { fn, axes } }) {
    const { shape } = x.type;
    const kept = keptShape(shape, axes);
    const strides = stridesOf(kept).map((stride, d) => (axes.includes(d) ? 0 : stride));
    const to = offsets(shape, strides);
    // In float64 whatever the tensors are held in: sums of f32 keep their digits, sums of integers are exact.
    const totals = new Float64Array(out.data.length).fill(start[fn]);
    for (let i = 0; i < to.length; i++) {
      const at = to[i] ?? 0;
      totals[at] = combine[fn](totals[at] ?? 0, x.data[i] ?? 0);
    }
    const count = fn === "mean" ? reducedCount(shape, axes) : 1;
    for (let i = 0; i < totals.length; i++) out.data[i] = (totals[i] ?? 0) / count;
  },

  argmax({ ins: { x }, outs: { out }, attrs: { axis } }) {
    const length = x.type.shape[axis] ?? 0;
    const inner = sizeOf(x.type.shape.slice(axis + 1));
    for (let i = 0; i < out.data.length; i++) {
      const first = Math.floor(i / inner) * length * inner + (i % inner);
      let best = 0;
      for (let k = 1; k < length; k++) {
        const candidate = x.data[first + k * inner] ?? 0;
        if (isLarger(candidate, x.data[first + best * inner] ?? 0)) best = k;
      }
      out.data[i] = best;
    }
  },
} satisfies Pick<ReferenceTable, "reduce" | "argmax">;
