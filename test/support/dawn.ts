/** GPUs for tests in Node: SwiftShader to run on, Dawn's null back end to compile WGSL with. */
import { openNodeGpu } from "../../src/devices/webgpu/node.ts";
import { type NodeGpu, openNodeAdapter } from "../../src/testing/node-gpu.ts";

export { describeAdapter } from "../../src/devices/webgpu/adapter-info.ts";
export type { NodeGpu } from "../../src/testing/node-gpu.ts";

/** The software GPU, or the one the user chose by VK_ICD_FILENAMES. No adapter is a failure, never a skip. */
export function openSoftwareGpu(): Promise<NodeGpu> {
  return openNodeAdapter({ adapter: "software" });
}

/** A GPU that compiles everything and computes nothing: the WGSL linter. */
export async function openNullGpu(): Promise<NodeGpu> {
  const gpu = await openNodeGpu({ dawnOptions: ["backend=null"] });
  const adapter = await gpu?.requestAdapter();
  if (gpu === undefined || !adapter) throw new Error("Dawn's null back end gave no adapter.");
  return { gpu, adapter };
}
