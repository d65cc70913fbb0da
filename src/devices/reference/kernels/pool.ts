import type { Pool2d } from "../../../ops/vocabulary.ts";
import type { Shape } from "../../../tensor/shape.ts";
import type { ReferenceTable } from "../kernel.ts";
import { isLarger } from "./reduce.ts";

/** Cells of the padding never win a maximum; for an average they count as zeros. */
export const poolKernels = {
  maxPool2d({ ins: { x }, outs: { out, index }, attrs }) {
    overWindows(x.type.shape, out.type.shape, attrs, (o, places) => {
      let best = Number.NEGATIVE_INFINITY;
      let winner = -1;
      for (const { input, number } of places) {
        const value = x.data[input] ?? 0;
        // The first place wins even if it is -Infinity, so that the index is always one on the input.
        if (winner < 0 || isLarger(value, best)) {
          best = value;
          winner = number;
        }
      }
      out.data[o] = best;
      index.data[o] = winner;
    });
  },

  maxPool2dGrad({ ins: { g, index }, outs: { out }, attrs }) {
    const sums = new Float64Array(out.data.length);
    overWindows(out.type.shape, g.type.shape, attrs, (o, places) => {
      const winner = places.find(({ number }) => number === index.data[o]);
      if (winner) sums[winner.input] = (sums[winner.input] ?? 0) + (g.data[o] ?? 0);
    });
    out.data.set(sums);
  },

  maxPool2dGather({ ins: { x, index }, outs: { out }, attrs }) {
    overWindows(x.type.shape, out.type.shape, attrs, (o, places) => {
      const winner = places.find(({ number }) => number === index.data[o]);
      out.data[o] = winner ? (x.data[winner.input] ?? 0) : 0;
    });
  },

  avgPool2d({ ins: { x }, outs: { out }, attrs }) {
    overWindows(x.type.shape, out.type.shape, attrs, (o, places) => {
      let sum = 0;
      for (const { input } of places) sum += x.data[input] ?? 0;
      out.data[o] = sum / cellsOf(attrs, places);
    });
  },

  avgPool2dGrad({ ins: { g }, outs: { out }, attrs }) {
    const sums = new Float64Array(out.data.length);
    overWindows(out.type.shape, g.type.shape, attrs, (o, places) => {
      const share = (g.data[o] ?? 0) / cellsOf(attrs, places);
      for (const { input } of places) sums[input] = (sums[input] ?? 0) + share;
    });
    out.data.set(sums);
  },
} satisfies Pick<
  ReferenceTable,
  "maxPool2d" | "maxPool2dGrad" | "maxPool2dGather" | "avgPool2d" | "avgPool2dGrad"
>;

/** By which a sum is divided: padding counts as zeros; the places of a bin are all on the input. */
function cellsOf({ window, bins }: Pool2d, places: readonly Place[]): number {
  return bins ? places.length : window[0] * window[1];
}

/** A place of a window that lies on the input: the element there, and its number kh · KW + kw in the window. */
interface Place {
  readonly input: number;
  readonly number: number;
}

/** Visits every output element with the places of its window that lie on the input, in the order of their numbers. */
function overWindows(
  x: Shape,
  out: Shape,
  attrs: Pool2d,
  visit: (output: number, places: readonly Place[]) => void,
): void {
  const [batch = 0, height = 0, width = 0, channels = 0] = x;
  const [, outHeight = 0, outWidth = 0] = out;
  let output = 0;
  for (let n = 0; n < batch; n++) {
    for (let oh = 0; oh < outHeight; oh++) {
      const rows = cellsAlong(attrs, 0, oh, height, outHeight);
      for (let ow = 0; ow < outWidth; ow++) {
        const columns = cellsAlong(attrs, 1, ow, width, outWidth);
        for (let channel = 0; channel < channels; channel++) {
          const places: Place[] = [];
          rows.forEach((row, kh) => {
            if (row < 0 || row >= height) return;
            columns.forEach((column, kw) => {
              if (column < 0 || column >= width) return;
              const input = ((n * height + row) * width + column) * channels + channel;
              places.push({ input, number: kh * attrs.window[1] + kw });
            });
          });
          visit(output++, places);
        }
      }
    }
  }
}

/** The rows (d = 0) or columns (1) of window i of `count` over `size` of them, of which some may lie in the padding. */
function cellsAlong(
  { window, stride, padding, dilation, bins }: Pool2d,
  d: 0 | 1,
  i: number,
  size: number,
  count: number,
): number[] {
  const start = bins ? Math.floor((i * size) / count) : i * stride[d] - padding[d][0];
  const length = bins ? Math.ceil(((i + 1) * size) / count) - start : window[d];
  return Array.from({ length }, (_, k) => start + k * (dilation?.[d] ?? 1));
}
