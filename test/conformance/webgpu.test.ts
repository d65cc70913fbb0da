/** Every case, its gradient, and a few whole computations, on WebGPU in Node: Dawn on SwiftShader, or on a GPU. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { init } from "../../src/functions.ts";
import { verbFamilies } from "../cases/verbs/index.ts";
import { runComposed } from "../support/composed.ts";
import { caseCount, caseNames, listFailures, runConformance } from "../support/conformance.ts";
import { held } from "../support/held.ts";
import { openSharedWebgpu } from "../support/shared-gpu.ts";
import { adapterName } from "../support/test-adapter.ts";
import { runVerbFamily } from "../support/verb-goldens.ts";

let device: WebgpuDevice;
beforeAll(async () => {
  device = await openSharedWebgpu({ debug: true });
  expect(device.description).toMatch(adapterName);
});
afterAll(() => device.close());

// A test for each op: each has dozens of kernels to compile, and a time limit of its own.
it.each(caseNames)("%s and its gradients agree with the float64 reference", async (op) => {
  const report = await runConformance(device, [op]);
  expect(listFailures(report)).toBe("");
  expect(report.cases).toBe(caseCount([op]));
  // Everything that the cases allocated has been given back.
  expect(held(device.memory())).toEqual({ bytes: 0, buffers: 0 });
});

it("whole computations agree with the float64 reference, lazily and compiled", async () => {
  const { runtime } = await init({ device: device.gpuDevice });
  const { failures } = await runComposed();
  expect(failures).toEqual([]);
  await runtime.close();
});

it.each(Object.keys(verbFamilies))("verbs of %s and their gradients", async (family) => {
  const { runtime } = await init({ device: device.gpuDevice });
  const { failures } = await runVerbFamily(family);
  expect(failures).toEqual([]);
  await runtime.close();
});
