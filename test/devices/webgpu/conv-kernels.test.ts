/** The convolution kernels and their gradients, every variant, against the reference in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import { type ConvChoice, convLowerings } from "../../../src/devices/webgpu/lowering/conv.ts";
import type { Tile } from "../../../src/devices/webgpu/lowering/tiles.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import type { Window2d } from "../../../src/ops/vocabulary.ts";
import { checkKernel, openBench } from "../../support/check-kernel.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

interface Geometry extends Window2d {
  readonly size: readonly [number, number];
  readonly filter: readonly [number, number];
}
const geometries: readonly Geometry[] = [
  {
    size: [5, 7],
    filter: [3, 3],
    stride: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
  },
  {
    size: [6, 5],
    filter: [3, 2],
    stride: [2, 1],
    padding: [
      [0, 1],
      [1, 0],
    ],
  },
  {
    size: [7, 8],
    filter: [2, 3],
    stride: [3, 2],
    padding: [
      [1, 0],
      [2, 2],
    ],
  },
  {
    size: [4, 5],
    filter: [1, 1],
    stride: [1, 1],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    size: [5, 4],
    filter: [1, 1],
    stride: [2, 3],
    padding: [
      [0, 0],
      [0, 0],
    ],
  },
];
const channels: readonly (readonly [number, number])[] = [
  [1, 4],
  [3, 5],
  [4, 8],
  [8, 17],
  [17, 36],
];

const tile: Tile = { bm: 16, bn: 16, bk: 8, tm: 4, tn: 4, unroll: 8 };
const direct = (tm: number, tn: number, splits = 1): ConvChoice => ({
  kind: "direct",
  tm,
  tn,
  wx: 2,
  wy: 8,
  splits,
});
const variants: readonly (readonly [name: string, choice: ConvChoice])[] = [
  ["direct 8 × 8", direct(8, 8, 3)],
  ["direct 4 × 8", direct(4, 8)],
  ["direct 8 × 4", direct(8, 4, 2)],
  ["direct 1 × 4", direct(1, 4)],
  ["direct 1 × 8", direct(1, 8)],
  ["tiled 16 × 16", { kind: "tiled", tile, splits: 3 }],
  ["tiled 16 × 16 in one part", { kind: "tiled", tile, splits: 1 }],
];

/** At most 153 terms with random signs, each sum within K · 2⁻²⁴. */
const TOLERANCE = 2e-6;

describe("convolution kernels", () => {
  it.each(variants)(
    "%s agrees with the reference, forward and both gradients",
    async (_, choice) => {
      const lower = convLowerings({ isSoftware: true, limits: DEFAULT_LIMITS }, () => choice);
      for (const { size, filter, stride, padding } of geometries) {
        for (const [inputs, outputs] of channels) {
          const inputShape = [2, ...size, inputs];
          const filterShape = [...filter, inputs, outputs];
          const window = { stride, padding };
          const places = [0, 1].map((d) => {
            const [before = 0, after = 0] = padding[d] ?? [];
            return (
              Math.floor(((size[d] ?? 0) + before + after - (filter[d] ?? 0)) / (stride[d] ?? 1)) +
              1
            );
          });
          const x = { shape: inputShape };
          const w = { shape: filterShape };
          const g = { shape: [2, ...places, outputs] };
          const name = "conv";
          const forward = { name, ins: { x, w }, attrs: window };
          const outcomes = [
            await checkKernel(bench, "conv2d", lower.conv2d, forward),
            await checkKernel(bench, "conv2d", lower.conv2d, forward, {
              hasBias: true,
              activation: "relu",
            }),
            await checkKernel(bench, "conv2dInputGrad", lower.conv2dInputGrad, {
              name,
              ins: { g, w },
              attrs: { ...window, inputShape },
            }),
            await checkKernel(bench, "conv2dFilterGrad", lower.conv2dFilterGrad, {
              name,
              ins: { x, g },
              attrs: { ...window, filterShape },
            }),
          ];
          if (choice.kind === "tiled") {
            const of = { name, ins: { x, g }, attrs: { ...window, filterShape } };
            const { conv2dFilterGrad } = lower;
            outcomes.push(
              await checkKernel(bench, "conv2dFilterGrad", conv2dFilterGrad, of, undefined, "g"),
            );
          }
          for (const { error } of outcomes) expect(error).toBeLessThan(TOLERANCE);
        }
      }
    },
  );
});
