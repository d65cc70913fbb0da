/** A GPUDevice to test with, in a page as in Node. */
import { DeviceUnavailableError } from "../errors.ts";
import type { AdapterWish } from "./adapter.ts";

/** @throws DeviceUnavailableError where there is no adapter */
export async function openGpuDevice(caller: string, adapter: AdapterWish): Promise<GPUDevice> {
  const gpu = typeof navigator === "undefined" ? undefined : (navigator.gpu as GPU | undefined);
  if (gpu === undefined && typeof process !== "undefined") {
    const { openNodeAdapter } = await import("./node-gpu.ts");
    return (await openNodeAdapter({ adapter })).adapter.requestDevice();
  }
  const found = await gpu?.requestAdapter();
  if (found === null || found === undefined) {
    throw new DeviceUnavailableError(
      `${caller}: there must be a WebGPU adapter; got none. Open the page by openTestBrowser(), which has one.`,
    );
  }
  return found.requestDevice();
}
