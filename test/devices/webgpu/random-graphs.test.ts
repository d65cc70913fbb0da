/**
 * Random graphs with the kernels for hardware: what is fused, folded and rides along in a kernel gives exactly what the
 * ops give one by one. Their sizes are small, so the tiled kernels are taken for every product.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebgpuDevice } from "../../../src/devices/webgpu/device.ts";
import { matmulLowerings, sumsColumns } from "../../../src/devices/webgpu/lowering/matmul.ts";
import type { Choice } from "../../../src/devices/webgpu/lowering/tiles.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { planned } from "../../support/plans.ts";
import { randomWish, whole } from "../../support/random-graph.ts";
import { openSharedWebgpu } from "../../support/shared-gpu.ts";

const GRAPHS = 40;

let software: WebgpuDevice;
let device: WebgpuDevice;
let traits: DeviceTraits;

beforeAll(async () => {
  software = await openSharedWebgpu();
  const { gpuDevice } = software;
  const { limits } = gpuDevice;
  const target = { isSoftware: false, limits };
  const choose = (_: unknown, { k }: { readonly k: number }): Choice => ({
    kind: "tiled",
    tile: { bm: 8, bn: 8, bk: 4, tm: 4, tn: 4, unroll: 4 },
    splits: k > 4 ? 2 : 1,
  });
  const hardware = webgpuTraits({ software: false, limits });
  traits = {
    ...hardware,
    lower: { ...hardware.lower, ...matmulLowerings(target, choose) },
    sumsColumns: (node) => node.op === "matmul" && sumsColumns(target, node, choose),
  };
  const description = "SwiftShader with the kernels for hardware";
  const options = { traits, description, isOwned: false, budgetBytes: 2 ** 30, isDebug: true };
  device = new WebgpuDevice(gpuDevice, options);
});
afterAll(async () => {
  await device.close();
  await software.close();
});

it("plans of random graphs give what the ops give one by one", async () => {
  const labels: string[] = [];
  for (let seed = 1000; seed < 1000 + GRAPHS; seed++) {
    try {
      const { steps } = await planned(randomWish(seed), traits, whole, 0, device);
      labels.push(...steps.map(({ label }) => label));
    } catch (error) {
      throw new Error(`graph ${seed}`, { cause: error });
    }
  }
  // The graphs reach what they are there to test.
  const forms = [
    /column sums/,
    /reduce \+ .*reduce/,
    /(relu|mul) \+ .*reduce/,
    /reduce \+ (add|mul|max)/,
  ];
  for (const form of forms)
    expect(
      labels.some((label) => form.test(label)),
      `${form}`,
    ).toBe(true);
});
