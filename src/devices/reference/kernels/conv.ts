import type { Conv2d } from "../../../ops/vocabulary.ts";
import type { Shape } from "../../../tensor/shape.ts";
import type { ReferenceTable } from "../kernel.ts";

/**
 * Convolution is the sum out[o] += x[i] · w[f] over all triples (o, i, f) that belong together, and each of its two
 * gradients is the same sum with the roles exchanged: all three walk the same taps, and differ in their last line.
 * Sums are kept in doubles whatever the output is stored in.
 */
export const convKernels = {
  conv2d({ ins: { x, w }, outs: { out }, attrs }) {
    const sums = new Float64Array(out.data.length);
    overTaps(
      x.type.shape,
      w.type.shape,
      out.type.shape,
      attrs,
      ({ input, filter, output, c, oc, row }) => {
        for (let i = 0; i < c; i++) {
          const factor = x.data[input + i] ?? 0;
          for (let o = 0; o < oc; o++) {
            sums[output + o] =
              (sums[output + o] ?? 0) + factor * (w.data[filter + i * row + o] ?? 0);
          }
        }
      },
    );
    out.data.set(sums);
  },

  conv2dInputGrad({ ins: { g, w }, outs: { out }, attrs }) {
    const sums = new Float64Array(out.data.length);
    overTaps(
      out.type.shape,
      w.type.shape,
      g.type.shape,
      attrs,
      ({ input, filter, output, c, oc, row }) => {
        for (let i = 0; i < c; i++) {
          let sum = sums[input + i] ?? 0;
          for (let o = 0; o < oc; o++) {
            sum += (g.data[output + o] ?? 0) * (w.data[filter + i * row + o] ?? 0);
          }
          sums[input + i] = sum;
        }
      },
    );
    out.data.set(sums);
  },

  conv2dFilterGrad({ ins: { x, g }, outs: { out }, attrs }) {
    const sums = new Float64Array(out.data.length);
    overTaps(
      x.type.shape,
      out.type.shape,
      g.type.shape,
      attrs,
      ({ input, filter, output, c, oc, row }) => {
        for (let i = 0; i < c; i++) {
          const factor = x.data[input + i] ?? 0;
          const weights = filter + i * row;
          for (let o = 0; o < oc; o++) {
            sums[weights + o] = (sums[weights + o] ?? 0) + factor * (g.data[output + o] ?? 0);
          }
        }
      },
    );
    out.data.set(sums);
  },
} satisfies Pick<ReferenceTable, "conv2d" | "conv2dInputGrad" | "conv2dFilterGrad">;

/** Where the c channels of an input cell, the c × oc weights and the oc channels of an output cell start: one group's. */
interface Tap {
  input: number;
  filter: number;
  output: number;
  readonly c: number;
  readonly oc: number;
  /** Weights from one input channel to the next, the OC of all groups. */
  readonly row: number;
}

/**
 * Visits every pair of an output cell [n, oh, ow] and a filter cell [kh, kw] that meets a real input cell, once for
 * each group; the zeros of the padding add nothing. x [N, H, W, C], w [KH, KW, C / groups, OC], out [N, OH, OW, OC].
 */
function overTaps(
  x: Shape,
  w: Shape,
  out: Shape,
  { stride, padding, groups }: Conv2d,
  visit: (tap: Readonly<Tap>) => void,
): void {
  const [batch = 0, height = 0, width = 0, channels = 0] = x;
  const [windowRows = 0, windowColumns = 0, c = 0, row = 0] = w;
  const [, outHeight = 0, outWidth = 0] = out;
  const oc = row / groups;
  const tap: Tap = { input: 0, filter: 0, output: 0, c, oc, row };
  for (let cell = 0; cell < batch * outHeight * outWidth; cell++) {
    const ow = cell % outWidth;
    const oh = Math.floor(cell / outWidth) % outHeight;
    const n = Math.floor(cell / (outWidth * outHeight));
    for (let kh = 0; kh < windowRows; kh++) {
      const y = oh * stride[0] - padding[0][0] + kh;
      if (y < 0 || y >= height) continue;
      for (let kw = 0; kw < windowColumns; kw++) {
        const x = ow * stride[1] - padding[1][0] + kw;
        if (x < 0 || x >= width) continue;
        for (let group = 0; group < groups; group++) {
          tap.input = ((n * height + y) * width + x) * channels + group * c;
          tap.filter = (kh * windowColumns + kw) * c * row + group * oc;
          tap.output = cell * row + group * oc;
          visit(tap);
        }
      }
    }
  }
}
