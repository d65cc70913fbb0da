/** Pages that are simulated in Node: jsdom's Blob has no stream(), and under jest most of Node's globals are missing. */
import { gzipSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { gunzip } from "../../src/data/index.ts";
import { openCpuDevice } from "../../src/devices/cpu/index.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

class BlobWithoutStream {}

test.each([
  ["a Blob without stream()", { Blob: BlobWithoutStream }],
  [
    "no Response and no DecompressionStream",
    { Blob: BlobWithoutStream, Response: undefined, DecompressionStream: undefined },
  ],
])("with %s the cpu device opens, and gzip is unpacked", async (_, globals) => {
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  const device = await openCpuDevice({ threads: 1 });
  expect(device.description).toContain("WebAssembly");
  await device.close();
  const packed = gzipSync(Uint8Array.of(1, 2, 3));
  expect([...(await gunzip(packed, "three bytes"))]).toEqual([1, 2, 3]);
});

test("damaged gzip is a typed error there too", async () => {
  vi.stubGlobal("DecompressionStream", undefined);
  const packed = gzipSync(new Uint8Array(1000)).subarray(0, 15);
  await expect(gunzip(packed, "half a file")).rejects.toMatchObject({ name: "FormatError" });
});

test("a host without WebAssembly is told so", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  await expect(openCpuDevice()).rejects.toMatchObject({
    name: "DeviceUnavailableError",
    message: expect.stringContaining("a host without WebAssembly"),
  });
});

test("in Node the worker's file may be named, and one that is missing is a typed error", async () => {
  await expect(openCpuDevice({ workerUrl: "/nowhere/cpu-worker.js" })).rejects.toMatchObject({
    name: "DeviceUnavailableError",
    message: expect.stringContaining("/nowhere/cpu-worker.js"),
  });
});
