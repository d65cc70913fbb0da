/** GPUs for tests in Node: one to run on (SwiftShader where nothing else is asked for), Dawn's null back end to compile WGSL with. */
import { openNodeGpu } from "../../src/devices/webgpu/node.ts";
import { type NodeGpu, openNodeAdapter } from "../../src/testing/node-gpu.ts";
import { onHardware } from "./test-adapter.ts";

export { describeAdapter } from "../../src/devices/webgpu/adapter-info.ts";
export type { NodeGpu } from "../../src/testing/node-gpu.ts";

/** The adapter that tests run on, of the driver that VK_ICD_FILENAMES names where it does. None is a failure, no skip. */
export function openTestGpu(): Promise<NodeGpu> {
  return openNodeAdapter({ adapter: onHardware ? "hardware" : "software" });
}

/** A GPU that compiles everything and computes nothing: the WGSL linter. */
export async function openNullGpu(): Promise<NodeGpu> {
  const gpu = await openNodeGpu({ dawnOptions: ["backend=null"] });
  const adapter = await gpu?.requestAdapter();
  if (gpu === undefined || !adapter) throw new Error("Dawn's null back end gave no adapter.");
  return { gpu, adapter };
}
