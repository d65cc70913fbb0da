/** What layers that are walked together are lowered to: how many dispatches, of how many buffers, and when. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../../../src/devices/cpu/traits.ts";
import { DEFAULT_LIMITS } from "../../../../../src/devices/webgpu/target.ts";
import { webgpuTraits } from "../../../../../src/devices/webgpu/traits.ts";
import type { DeviceTraits } from "../../../../../src/scheduler/lowering.ts";
import { callsOf, type Plan } from "../../../../../src/scheduler/plan.ts";
import {
  gruLayersCase,
  gruLayersGradCase,
  type LayersSequence,
  lstmLayersCase,
  lstmLayersGradCase,
  rnnLayersCase,
  rnnLayersGradCase,
} from "../../../../cases/recurrent-layers.ts";
import { checkPlan } from "../../../../support/check-plan.ts";
import { plannedCase } from "../../../../support/lowered-calls.ts";

const hardware = webgpuTraits();

const forward = {
  rnnLayers: (of: LayersSequence, traits: DeviceTraits) =>
    plannedCase(traits, "rnnLayers", rnnLayersCase(of, "tanh")),
  lstmLayers: (of: LayersSequence, traits: DeviceTraits) =>
    plannedCase(traits, "lstmLayers", lstmLayersCase(of)),
  gruLayers: (of: LayersSequence, traits: DeviceTraits) =>
    plannedCase(traits, "gruLayers", gruLayersCase(of)),
};
const backward = {
  rnnLayersGrad: (of: LayersSequence, traits: DeviceTraits) =>
    plannedCase(traits, "rnnLayersGrad", rnnLayersGradCase(of, "tanh")),
  lstmLayersGrad: (of: LayersSequence, traits: DeviceTraits) =>
    plannedCase(traits, "lstmLayersGrad", lstmLayersGradCase(of)),
  gruLayersGrad: (of: LayersSequence, traits: DeviceTraits) =>
    plannedCase(traits, "gruLayersGrad", gruLayersGradCase(of)),
};

/** The calls that walk steps, by the layers in each. */
function walks(plan: Plan): (string | number | undefined)[] {
  expect(checkPlan(plan)).toEqual([]);
  return callsOf(plan.steps)
    .filter(({ call }) => /^recurrent\//.test(call.kernel))
    .map(({ call }) => ("constants" in call ? call.constants.LAYERS : undefined));
}

const each = (count: number, layers: number) => Array.from({ length: count }, () => layers);

describe.each(Object.entries({ ...forward, ...backward }))("%s", (name, plan) => {
  const more = Number(name in backward);
  const above: LayersSequence = { name, size: [5, 2, 257], layers: 3 };
  const sides: LayersSequence = { name, size: [5, 2, 257], layers: 2, sides: [false, true] };

  it("is a wavefront of T + L − 1 dispatches for many units, and one more backwards", () => {
    expect(walks(plan(above, hardware))).toEqual(each(5 + 2 + more, 3));
  });

  it("is a dispatch a step for two directions of many units", () => {
    expect(walks(plan(sides, hardware))).toEqual(each(5 + more, 2));
  });

  it("is one dispatch for two directions of few units", () => {
    expect(walks(plan({ ...sides, size: [5, 2, 16] }, hardware))).toEqual([2]);
  });

  it("is a dispatch a layer for few units above each other", () => {
    expect(walks(plan({ ...above, size: [5, 2, 16] }, hardware))).toEqual([0, 0, 0]);
  });

  it("is the same work, layer by layer, where a device gains nothing", () => {
    expect(walks(plan(above, webgpuTraits({ software: true })))).toHaveLength(3 * (5 + more));
    expect(plan(above, cpuTraits).steps.length).toBeGreaterThanOrEqual(3);
  });

  it("is walked layer by layer where the tapes of all are more than a binding reaches", () => {
    // Enough for the tape of one layer and not for those of three.
    const maxStorageBufferBindingSize = name.startsWith("rnn") ? 2 ** 22 : 2 ** 24;
    const small = webgpuTraits({ limits: { ...DEFAULT_LIMITS, maxStorageBufferBindingSize } });
    const calls = walks(plan({ ...above, size: [30, 64, 257] }, small));
    expect(calls).toEqual(each(3 * (30 + more), 0));
  });

  it("binds 8 buffers at most, with lengths and gradients of all states from outside", () => {
    const all: LayersSequence = { ...above, lengths: [1, 2], outside: [3, 3] };
    const buffers = callsOf(plan(all, hardware).steps).map(({ call }) => call.operands.length);
    expect(Math.max(...buffers)).toBeLessThanOrEqual(8);
  });
});
