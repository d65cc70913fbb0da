import { afterAll, beforeAll, expect, test } from "vitest";
import { openNodeGpu } from "../../src/devices/webgpu/node.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";
import { describeAdapter, openNullGpu, openTestGpu } from "../support/dawn.ts";
import type { describePage } from "./adapter-page.ts";

test("Node gets a WebGPU adapter that computes", async () => {
  const { gpu, adapter } = await openTestGpu();
  console.log(
    `Node: ${describeAdapter(adapter.info)}; WGSL ${[...gpu.wgslLanguageFeatures].sort().join(" ")}`,
  );
  const device = await adapter.requestDevice();
  const code = `
    @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main() { x[0] = x[0] * 2.0 + 1.0; }`;
  // Numbers, because Node has no GPUBufferUsage: STORAGE | COPY_SRC | COPY_DST, MAP_READ | COPY_DST.
  const storage = device.createBuffer({ size: 4, usage: 0x80 | 0x04 | 0x08 });
  const readback = device.createBuffer({ size: 4, usage: 0x01 | 0x08 });
  device.queue.writeBuffer(storage, 0, new Float32Array([20]));
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }) },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const layout = pipeline.getBindGroupLayout(0);
  pass.setBindGroup(
    0,
    device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: storage } }] }),
  );
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(storage, 0, readback, 0, 4);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(1);
  expect(new Float32Array(readback.getMappedRange())[0]).toBe(41);
  readback.unmap();
  device.destroy();
});

test("asking for the software GPU leaves the environment as it was", async () => {
  const before = process.env.VK_ICD_FILENAMES;
  await openNodeGpu({ software: true });
  expect(process.env.VK_ICD_FILENAMES).toBe(before);
});

test("Dawn's null back end compiles WGSL and reports what is wrong with it", async () => {
  const { adapter } = await openNullGpu();
  const device = await adapter.requestDevice();
  device.pushErrorScope("validation");
  device.createShaderModule({ code: "@compute @workgroup_size(1) fn main() { let x: f32 = 1i; }" });
  expect((await device.popErrorScope())?.message).toContain("cannot initialize");
  device.destroy();
});

let chrome: TestPage | undefined;
beforeAll(async () => {
  chrome = await openPage();
});
afterAll(async () => {
  await chrome?.close();
});

test("headless Chrome gets a WebGPU adapter on a cross-origin isolated page", async () => {
  if (chrome === undefined) throw new Error("The browser did not start.");
  const answer = await callInPage(chrome.page, "/test/environment/adapter-page.ts", "describePage");
  // JSON out of the page: its type is the return type of the function that was called there.
  const found = answer as Awaited<ReturnType<typeof describePage>>;
  console.log(`Chrome: ${JSON.stringify(found)}`);
  expect(found.adapter).toContain("swiftshader");
  expect(found.isIsolated).toBe(true);
  expect(chrome.errors).toEqual([]);
});
