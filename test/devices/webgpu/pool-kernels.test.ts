/** The pooling kernels with and without vectors, over windows that overlap, leave gaps and reach into padding. */
import { beforeAll, describe, expect, it } from "vitest";
import { poolLowerings } from "../../../src/devices/webgpu/lowering/pool.ts";
import type { Pool2d } from "../../../src/ops/vocabulary.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { checkKernel, openBench } from "../../support/check-kernel.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

const pools: readonly Pool2d[] = [
  {
    window: [2, 2],
    stride: [2, 2],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    window: [3, 3],
    stride: [2, 1],
    padding: [
      [1, 1],
      [1, 0],
    ],
  },
  {
    window: [1, 2],
    stride: [3, 3],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
];
const places = (
  [before, after]: readonly [number, number],
  size: number,
  window: number,
  stride: number,
) => Math.floor((size + before + after - window) / stride) + 1;

/** At most 9 sums of f32: 9 · 2⁻²⁴. */
const TOLERANCE = 6e-7;
const lower = poolLowerings();

describe("pooling kernels", () => {
  it.each([1, 3, 4, 8])("agree with the reference for %i channels", async (channels) => {
    for (const attrs of pools) {
      const inputShape: Shape = [2, 7, 9, channels];
      const { padding, window, stride } = attrs;
      const rows = places(padding[0], 7, window[0], stride[0]);
      const columns = places(padding[1], 9, window[1], stride[1]);
      const pooled = [2, rows, columns, channels];
      const x = { shape: inputShape };
      const g = { shape: pooled };
      const index = { shape: pooled, dtype: "i32", range: [0, window[0] * window[1]] } as const;
      const grad = { ...attrs, inputShape };
      const name = "pool";
      const outcomes = [
        await checkKernel(bench, "maxPool2d", lower.maxPool2d, { name, ins: { x }, attrs }),
        await checkKernel(bench, "avgPool2d", lower.avgPool2d, { name, ins: { x }, attrs }),
        await checkKernel(bench, "maxPool2dGather", lower.maxPool2dGather, {
          name,
          ins: { x, index },
          attrs,
        }),
        await checkKernel(bench, "maxPool2dGrad", lower.maxPool2dGrad, {
          name,
          ins: { g, index },
          attrs: grad,
        }),
        await checkKernel(bench, "avgPool2dGrad", lower.avgPool2dGrad, {
          name,
          ins: { g },
          attrs: grad,
        }),
      ];
      for (const { error } of outcomes) expect(error).toBeLessThan(TOLERANCE);
    }
  });
});
