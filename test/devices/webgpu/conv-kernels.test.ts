/** The convolution kernels and their gradients, every variant, against the reference in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import { type ConvChoice, convLowerings } from "../../../src/devices/webgpu/lowering/conv.ts";
import type { Tile } from "../../../src/devices/webgpu/lowering/tiles.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import type { Window2d } from "../../../src/ops/vocabulary.ts";
import { windowCount } from "../../../src/ops/window.ts";
import { checkKernel, openBench, type WithEpilogue } from "../../support/check-kernel.ts";
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
/** More taps in a row than an invocation of the filter's gradient sums, more padding than a window. */
const wideFilter: Geometry = {
  size: [4, 9],
  filter: [2, 6],
  stride: [1, 1],
  padding: [
    [2, 0],
    [7, 1],
  ],
};
/** Input channels, output channels, groups. */
const channels: readonly (readonly [number, number, number])[] = [
  [1, 4, 1],
  [3, 5, 1],
  [4, 8, 1],
  [8, 17, 1],
  [17, 36, 1],
];
const grouped: typeof channels = [
  [4, 2, 2],
  [6, 15, 3],
  [8, 24, 2],
  [2, 10, 2],
];
const depthwise: typeof channels = [
  [3, 3, 3],
  [8, 8, 8],
  [17, 17, 17],
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

type ConvLowerings = ReturnType<typeof convLowerings>;

/** Forward with and without an epilogue, and both gradients; the kernels that ran. */
async function expectAgreement(
  lower: ConvLowerings,
  { size, filter, stride, padding }: Geometry,
  [inputs, outputs, groups]: (typeof channels)[number],
  epilogues: readonly WithEpilogue[],
): Promise<string[]> {
  const inputShape = [2, ...size, inputs];
  const filterShape = [...filter, inputs / groups, outputs];
  const convolution = { stride, padding, groups };
  const places = [0, 1].map((d) =>
    windowCount(size[d] ?? 0, filter[d] ?? 0, stride[d] ?? 1, padding[d] ?? [0, 0]),
  );
  const x = { shape: inputShape };
  const w = { shape: filterShape };
  const g = { shape: [2, ...places, outputs] };
  const name = "conv";
  const forward = { name, ins: { x, w }, attrs: convolution };
  const outcomes = [
    await checkKernel(bench, "conv2d", lower.conv2d, forward),
    await checkKernel(bench, "conv2dInputGrad", lower.conv2dInputGrad, {
      name,
      ins: { g, w },
      attrs: { ...convolution, inputShape },
    }),
    await checkKernel(bench, "conv2dFilterGrad", lower.conv2dFilterGrad, {
      name,
      ins: { x, g },
      attrs: { ...convolution, filterShape },
    }),
  ];
  const kernels = outcomes.flatMap(({ calls }) => calls.map(({ kernel }) => kernel));
  if (kernels.includes("conv/filter_grad_tiled")) {
    const of = { name, ins: { x, g }, attrs: { ...convolution, filterShape } };
    const { conv2dFilterGrad } = lower;
    outcomes.push(
      await checkKernel(bench, "conv2dFilterGrad", conv2dFilterGrad, of, undefined, "g"),
    );
  }
  for (const epilogue of epilogues) {
    outcomes.push(await checkKernel(bench, "conv2d", lower.conv2d, forward, epilogue));
  }
  for (const { error } of outcomes) expect(error).toBeLessThan(TOLERANCE);
  return outcomes.flatMap(({ calls }) => calls.map(({ kernel }) => kernel));
}

const biasAndRelu: WithEpilogue = { hasBias: true, activation: "relu", hasResidual: true };
const withSecond: WithEpilogue = { ...biasAndRelu, hasSecond: true };
const target = { isSoftware: true, limits: DEFAULT_LIMITS };

describe("convolution kernels", () => {
  it.each(variants)(
    "%s agrees with the reference, forward and both gradients",
    async (_, choice) => {
      const lower = convLowerings(target, () => choice);
      const sizes = choice.kind === "direct" ? [...channels, ...grouped] : channels;
      for (const geometry of geometries) {
        for (const size of sizes) {
          const [, , groups] = size;
          const epilogues = groups === 1 ? [biasAndRelu, withSecond] : [biasAndRelu];
          await expectAgreement(lower, geometry, size, epilogues);
        }
      }
    },
  );

  it.each([true, false])(
    "of each channel apart agree with the reference, with every epilogue; software adapter: %s",
    async (isSoftware) => {
      const lower = convLowerings({ ...target, isSoftware });
      const epilogues = [undefined, "relu", "tanh", "sigmoid"] as const;
      const every = [true, false].flatMap((hasBias) =>
        epilogues.map(
          (activation): WithEpilogue => ({
            hasBias,
            activation,
            hasResidual: !hasBias,
            hasSecond: activation === "tanh",
          }),
        ),
      );
      const kernels = new Set<string>();
      for (const geometry of [...geometries, wideFilter]) {
        for (const size of depthwise) {
          for (const ran of await expectAgreement(lower, geometry, size, every)) kernels.add(ran);
        }
      }
      expect([...kernels].sort()).toEqual([
        "conv/depthwise",
        "conv/depthwise_filter_grad",
        "conv/depthwise_input_grad",
        "matmul/sum_partials",
      ]);
    },
  );
});
