/** WebGPU in Node, through Dawn (npm `webgpu`), on a GPU or on SwiftShader. */
import { anything, checkOptions, flag, list } from "../arguments.ts";
import { mayHaveHardware, openNodeGpu } from "../devices/webgpu/node.ts";
import { findSwiftShader } from "../devices/webgpu/swiftshader.ts";
import { DeviceUnavailableError } from "../errors.ts";
import { adapterWish, suits, testAdapter } from "./adapter.ts";
import { candidates } from "./browser/flags.ts";
import { ensureBrowser } from "./browser/install.ts";
import type { NodeAdapterOptions } from "./node-adapter-options.ts";

export interface NodeGpu {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

/** See `nodeAdapter` of gradgpu/testing. */
export async function openNodeAdapter(options: NodeAdapterOptions = {}): Promise<NodeGpu> {
  checkOptions("nodeAdapter", options, {
    adapter: adapterWish,
    install: flag,
    dawnOptions: list,
    request: anything,
  });
  const { adapter: wish = "auto", install = true, dawnOptions = [], request } = options;
  const found: string[] = [];
  for (const kind of candidates(wish)) {
    if (kind === "hardware" && !mayHaveHardware()) {
      found.push("no device file of a GPU in /dev");
      continue;
    }
    const software = kind === "software";
    const hasDriver = process.env.VK_ICD_FILENAMES !== undefined || findSwiftShader() !== undefined;
    // Chromium brings the driver; machines that have neither it nor a browser get both.
    if (software && !hasDriver) await ensureBrowser({ caller: "nodeAdapter", install });
    const gpu = await openNodeGpu({ software, dawnOptions });
    if (gpu === undefined) {
      throw new DeviceUnavailableError(
        "nodeAdapter: the npm package webgpu must be installed and have a binary for this platform; got none. Run `npm install --save-dev webgpu`.",
      );
    }
    const adapter = await gpu.requestAdapter(request);
    if (adapter !== null && suits(kind, adapter.info)) {
      return { gpu, adapter };
    }
    found.push(adapter === null ? "none" : testAdapter(adapter.info).description);
  }
  throw new DeviceUnavailableError(
    `nodeAdapter: there must be a ${wish === "auto" ? "WebGPU" : wish} adapter; got ${found.join(", ")}. ${wish === "hardware" ? 'Ask for adapter: "software" where there is no GPU.' : "Install Chromium, which brings SwiftShader (as root on Debian: apt-get install chromium), or set VK_ICD_FILENAMES to a Vulkan driver's .json file."}`,
  );
}
