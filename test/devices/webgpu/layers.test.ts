/** Layers that are walked together, in each mode of the kernels, against the reference in float64. */
import { expect, it } from "vitest";
import { layerWalks } from "../../../src/devices/webgpu/lowering/recurrent-layers.ts";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { layersOps } from "../../../src/ops/recurrent.ts";
import type { LayersOp } from "../../../src/ops/vocabulary.ts";
import { listFailures, runConformance } from "../../support/conformance.ts";
import { openHardwareKernels } from "../../support/hardware-kernels.ts";

const ops = Object.keys(layersOps) as LayersOp[]; // Object.keys forgets the names of the keys

const modes: readonly (readonly [name: string, mode: RecurrentMode])[] = [
  ["a step, one above the other and side by side", { kind: "step" }],
  ["all steps, side by side", { kind: "steps", rows: 2 }],
];

it.each(modes)("values and gradients agree in the mode of %s", async (_, mode) => {
  const { device, close } = await openHardwareKernels((target) => ({
    layers: layerWalks(target, () => mode),
  }));
  const report = await runConformance(device, ops);
  await close();
  expect(listFailures(report)).toBe("");
});
