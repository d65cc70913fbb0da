/** GPUs for tests in Node: SwiftShader to run on, Dawn's null back end to compile WGSL with. */

import { openNodeGpu } from "../../src/devices/webgpu/node.ts";

const HOW_TO =
  "Install Chromium, which brings SwiftShader (as root on Debian: apt-get install chromium), or set VK_ICD_FILENAMES to a Vulkan driver's .json file.";

export interface TestGpu {
  /** Referenced as long as the adapter is in use: Dawn frees its instance with it. */
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

/** The software GPU, or the one the user chose by VK_ICD_FILENAMES. No adapter is a failure, never a skip. */
export async function openSoftwareGpu(): Promise<TestGpu> {
  return requireAdapter(await openNodeGpu({ software: true }), `no WebGPU adapter. ${HOW_TO}`);
}

/** A GPU that compiles everything and computes nothing: the WGSL linter. */
export async function openNullGpu(): Promise<TestGpu> {
  const gpu = await openNodeGpu({ dawnOptions: ["backend=null"] });
  return requireAdapter(gpu, "Dawn's null back end gave no adapter.");
}

async function requireAdapter(gpu: GPU | undefined, message: string): Promise<TestGpu> {
  if (gpu === undefined) throw new Error("npm webgpu has no binary for this platform.");
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error(message);
  return { gpu, adapter };
}

/** One line that says which adapter a test ran on. */
export function describeAdapter(info: GPUAdapterInfo): string {
  const parts = [info.vendor, info.architecture, info.device, info.description];
  return parts.filter((part) => part !== "").join(", ");
}
