/** openTestBrowser and nodeAdapter: what they open is what was asked for, and what there is not is an error. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DeviceUnavailableError, GradgpuError } from "../../src/errors.ts";
import {
  launchOptions,
  nodeAdapter,
  openTestBrowser,
  type TestBrowser,
} from "../../src/testing/index.ts";

const MODULE = `
export async function double(numbers: readonly number[]): Promise<number[]> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const buffer = device.createBuffer({ size: 4 * numbers.length, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Float32Array.from(numbers));
  const code = "@group(0) @binding(0) var<storage, read_write> x: array<f32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { if (id.x < arrayLength(&x)) { x[id.x] *= 2; } }";
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  const readback = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  return [...new Float32Array(readback.getMappedRange())];
}
export const isIsolated = () => crossOriginIsolated;
export const fail = () => { throw new RangeError("out of range"); };
export const complain = () => { console.error("something is wrong"); return 1; };
`;

const root = mkdtempSync(join(tmpdir(), "gradgpu-testing-"));
let browser: TestBrowser;
beforeAll(async () => {
  writeFileSync(join(root, "kernels.ts"), MODULE);
  browser = await openTestBrowser({ adapter: "software", root });
});
afterAll(async () => {
  await browser.close();
  rmSync(root, { recursive: true });
});

/** Machines differ in what they have; what is got is never something else. */
async function isRefused(opening: Promise<unknown>): Promise<boolean> {
  const error: unknown = await opening.then(
    () => undefined,
    (reason) => reason,
  );
  if (error !== undefined) expect(error).toBeInstanceOf(DeviceUnavailableError);
  return error !== undefined;
}

describe("openTestBrowser", () => {
  it("says which adapter pages get, and runs a module's exports there", async () => {
    expect(browser.adapter).toMatchObject({ isSoftware: true });
    expect(browser.adapter.description).toMatch(/swiftshader/i);
    expect(browser.version).toMatch(/Chrome\/\d/);
    expect(await browser.run("/kernels.ts", "double", [1, 2.5, -3])).toEqual([2, 5, -6]);
  });

  it("isolates its pages", async () => {
    expect(await browser.run("/kernels.ts", "isIsolated")).toBe(true);
    const open = await openTestBrowser({ adapter: "software", root, isolated: false });
    try {
      expect(await open.run("/kernels.ts", "isIsolated")).toBe(false);
    } finally {
      await open.close();
    }
  });

  it("passes on what a module throws, and what a page reports", async () => {
    await expect(browser.run("/kernels.ts", "fail")).rejects.toThrow(/out of range/);
    await expect(browser.run("/none.ts", "fail")).rejects.toThrow(/none\.ts/);
    await expect(browser.run("/kernels.ts", "complain")).rejects.toThrow(
      "run: the page must report no error; got something is wrong. Use openPage and its errors where they are expected.",
    );
    const page = await browser.openPage();
    expect(await page.call("/kernels.ts", "complain")).toBe(1);
    expect(page.errors).toEqual(["something is wrong"]);
    await page.close();
  });

  it("gives a GPU where one is asked for, or fails with what there is", async () => {
    const opening = openTestBrowser({ adapter: "hardware", root });
    if (await isRefused(opening)) {
      await expect(opening).rejects.toThrow(
        /must be a hardware adapter; got .* in Chrome\/.*"software"/,
      );
    } else {
      const opened = await opening;
      await opened.close();
      expect(opened.adapter.isSoftware).toBe(false);
    }
  });

  it("fails where there is no such browser", async () => {
    const opening = openTestBrowser({ executablePath: join(root, "chrome") });
    await expect(opening).rejects.toThrow(DeviceUnavailableError);
    await expect(opening).rejects.toThrow(/must name a file that exists/);
    await expect(openTestBrowser({ adapter: "gpu" as "auto" })).rejects.toThrow(/"software" or/);
  });
});

describe("launchOptions", () => {
  it("is what other launchers take", async () => {
    const { executablePath, args, headless } = await launchOptions({
      adapter: "software",
      flags: ["--x"],
    });
    expect(executablePath).not.toBe("");
    expect(args).toEqual(expect.arrayContaining(["--use-webgpu-adapter=swiftshader", "--x"]));
    expect(headless).toBe(true);
  });

  it("is of a browser whose pages have such an adapter, or an error", async () => {
    const asking = launchOptions({ adapter: "hardware" });
    if (await isRefused(asking)) {
      await expect(asking).rejects.toThrow(/launchOptions: .* a hardware adapter; got .* in \//);
    } else expect((await asking).args).not.toContain("--use-webgpu-adapter=swiftshader");
    // It ends before it opens a page.
    await expect(launchOptions({ executablePath: process.execPath })).rejects.toThrow(
      /the browser must start and open a page; got an end by code \d+ from/,
    );
  });
});

describe("nodeAdapter", () => {
  it("is SwiftShader's where software is asked for", async () => {
    const adapter = await nodeAdapter({ adapter: "software" });
    expect(adapter.info.architecture).toBe("swiftshader");
    const device = await adapter.requestDevice();
    device.destroy();
  });

  it("is a GPU's where one is asked for, or fails with what there is", async () => {
    const asking = nodeAdapter({ adapter: "hardware" });
    if (await isRefused(asking)) {
      await expect(asking).rejects.toThrow(/must be a hardware adapter; got .*"software"/);
    } else expect((await asking).info.architecture).not.toBe("swiftshader");
  });

  it("is SwiftShader's where there is nothing else", async () => {
    vi.stubEnv("VK_ICD_FILENAMES", join(root, "none.json"));
    await expect(nodeAdapter({ adapter: "software" })).rejects.toThrow(GradgpuError);
    vi.unstubAllEnvs();
    expect((await nodeAdapter()).info.vendor).not.toBe("");
  });
});
