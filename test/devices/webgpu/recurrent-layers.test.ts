/** Layers that are walked together, in each mode of the kernels, against the reference in float64. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layerWalks } from "../../../src/devices/webgpu/lowering/recurrent-layers.ts";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { layersOps } from "../../../src/ops/recurrent.ts";
import type { LayersOp } from "../../../src/ops/vocabulary.ts";
import { listFailures, runConformance } from "../../support/conformance.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";

const forms: readonly (readonly [name: string, mode: RecurrentMode])[] = [
  ["a step, one above the other and side by side", { kind: "step" }],
  ["all steps, side by side", { kind: "steps", rows: 2 }],
];

/** A test for each, since SwiftShader compiles dozens of kernels for every one. */
const ops = Object.keys(layersOps) as LayersOp[]; // Object.keys forgets the names of the keys

describe.each(forms)("in the mode of %s", (_, mode) => {
  const device = opened(mode, false);
  it.each(ops)("values and gradients of %s agree", async (op) => {
    const report = await runConformance(device(), [op]);
    expect(report.cases).toBeGreaterThan(1);
    expect(listFailures(report)).toBe("");
  });
});

describe("with kernels that are unrolled as on a GPU", () => {
  const device = opened({ kind: "step" }, true);
  // lstmLayers: in training-step.test.ts.
  it.each(["rnnLayers", "gruLayers"] as const)("values and gradients of %s agree", async (op) => {
    const stacked = (name: string) => name.endsWith("one above the other");
    const report = await runConformance(device(), [op], stacked);
    expect(report.cases).toBe(1);
    expect(listFailures(report)).toBe("");
  });
});

/** One device for all tests around: they share its pipelines. */
function opened(mode: RecurrentMode, unrolled: boolean) {
  let kernels: HardwareKernels;
  beforeAll(async () => {
    const instead = (target: Parameters<typeof layerWalks>[0]) => ({
      layers: layerWalks(target, () => mode),
    });
    kernels = await openHardwareKernels({ unrolled, instead });
  });
  afterAll(() => kernels.close());
  return () => kernels.device;
}
