/** Every case, its gradient, and a few whole computations, on WebGPU in Node: Dawn on SwiftShader. */
import { expect, test } from "vitest";
import { openWebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { init } from "../../src/functions.ts";
import { runComposed } from "../support/composed.ts";
import { caseCount, listFailures, runConformance, summarise } from "../support/conformance.ts";

test("all cases agree with the float64 reference on WebGPU in Node", async () => {
  const device = await openWebgpuDevice({ software: true, debug: true });
  const report = await runConformance(device);
  console.log(summarise(report));
  expect(device.description).toMatch(/swiftshader/i);
  expect(listFailures(report)).toBe("");
  expect(report.cases).toBe(caseCount);
  expect(report.gradients).toBeGreaterThan(caseCount);
  // Everything that the cases allocated has been given back.
  expect(device.memory()).toEqual({ bytes: 0, buffers: 0 });
  await device.close();
});

test("whole computations agree with the float64 reference, lazily and compiled", async () => {
  const { runtime } = await init({ device: "webgpu" });
  const { failures } = await runComposed();
  expect(failures).toEqual([]);
  await runtime.close();
});
