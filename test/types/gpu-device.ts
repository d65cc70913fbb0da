/** Where WebGPU's own types are known, its objects are taken. Compiled, never run. */
import { init } from "gradgpu";
import { webgpu } from "gradgpu/devices/webgpu";

export async function share(device: GPUDevice, gpu: GPU): Promise<void> {
  await init({ device });
  await init({ device: webgpu({ device }) });
  await init({ device: webgpu({ gpu }) });
  // @ts-expect-error An adapter is no device.
  await init({ device: await gpu.requestAdapter() });
}
