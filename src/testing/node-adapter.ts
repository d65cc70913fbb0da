import type { GpuDevice } from "../devices/opener.ts";
import type { NodeAdapterOptions } from "./node-adapter-options.ts";

/**
 * WebGPU's own types where the project has them (TypeScript's DOM library, or @webgpu/types), else the parts of them that
 * are needed to hand them on.
 */
export type Adapter = typeof globalThis extends { GPUAdapter: { prototype: infer A } }
  ? A
  : { requestDevice(descriptor?: object): Promise<Gpu> };

/** WebGPU's GPUDevice, see `Adapter`. */
export type Gpu = typeof globalThis extends { GPUDevice: { prototype: infer D } } ? D : GpuDevice;

/**
 * A WebGPU adapter in Node, by Dawn (npm `webgpu`, which has to be installed): a GPU's, or that of SwiftShader, which is
 * found beside Chrome and Chromium. Ask it for devices: `await (await nodeAdapter()).requestDevice()`; `adapter.info` says
 * which one it is. Node has no `GPUBufferUsage` and the like as globals: `node --import gradgpu/testing/setup` makes them.
 * @throws DeviceUnavailableError where there is no such adapter, with those that there are
 */
export async function nodeAdapter(options: NodeAdapterOptions = {}): Promise<Adapter> {
  const { openNodeAdapter } = await import("./node-gpu.ts");
  // The type depends on what globals the reader's project has; here there are all.
  return (await openNodeAdapter(options)).adapter as Adapter;
}
