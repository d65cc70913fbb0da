/** The recurrent layers against PyTorch's in float64, on every device and in Chrome: values, states and all gradients. */
import { describe, expect, it } from "vitest";
import { recurrentLowerings } from "../../src/devices/webgpu/lowering/recurrent.ts";
import { layerWalks } from "../../src/devices/webgpu/lowering/recurrent-layers.ts";
import type { runGoldens } from "../browser/recurrent-page.ts";
import { callInPage, openPage } from "../support/chrome.ts";
import { openHardwareKernels } from "../support/hardware-kernels.ts";
import { goldenCases } from "../support/recurrent-goldens.ts";
import { recurrentKinds } from "../support/recurrent-layers.ts";
import { runRecurrentGoldens } from "../support/run-recurrent-goldens.ts";
import { deviceNames, devices, use } from "./open.ts";

describe.each(deviceNames)("values, states and gradients are PyTorch's on %s", (name) => {
  it.each(recurrentKinds)("in every form of %s", async (kind) => {
    const runtime = use(await devices[name]());
    const cases = goldenCases.filter((golden) => golden.kind === kind);
    const { ran, failures } = await runRecurrentGoldens(cases);
    expect(failures).toEqual([]);
    expect(ran).toBe(17);
    await runtime.close();
  });
});

/** The smallest layers, as the largest ones are walked on a GPU: a dispatch a step, layers as a wavefront. */
describe("values, states and gradients are PyTorch's a dispatch a step", () => {
  it.each(recurrentKinds)("in every form of %s", async (kind) => {
    const choose = () => ({ kind: "step" }) as const;
    const { device, close } = await openHardwareKernels({
      instead: (target, traits) => ({
        layers: layerWalks(target, choose),
        lower: { ...traits.lower, ...recurrentLowerings(target, choose) },
      }),
    });
    use(device);
    const cases = goldenCases.filter((golden) => golden.kind === kind);
    const { ran, failures } = await runRecurrentGoldens(cases);
    expect(failures).toEqual([]);
    expect(ran).toBe(17);
    await close();
  });
});

describe("values, states and gradients are PyTorch's in Chrome", () => {
  it.each([
    { device: "cpu", isolated: true },
    { device: "cpu", isolated: false },
    { device: "webgpu", isolated: true },
  ])("on $device, isolated $isolated", async ({ device, isolated }) => {
    const chrome = await openPage({ isolated });
    try {
      const path = "/test/browser/recurrent-page.ts";
      const answer = await callInPage(chrome.page, path, "runGoldens", device);
      // JSON out of the page: its type is the return type of the function that was called there.
      const { ran, failures } = answer as Awaited<ReturnType<typeof runGoldens>>;
      expect(failures).toEqual([]);
      expect(ran).toBe(goldenCases.length);
      expect(chrome.errors).toEqual([]);
    } finally {
      await chrome.close();
    }
  });
});
