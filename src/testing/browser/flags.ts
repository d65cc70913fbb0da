/** Chrome's flags for WebGPU, headless, on a GPU or on SwiftShader. */
import { mayHaveHardware } from "../../devices/webgpu/node.ts";
import type { AdapterWish } from "../adapter.ts";

/** Sandboxes need more than containers and CI machines allow; only one's own pages are opened. */
export const COMMON: readonly string[] = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const SOFTWARE: readonly string[] = [
  "--use-webgpu-adapter=swiftshader",
  // See src/devices/webgpu/node.ts.
  "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
];

/** Chrome on Linux keeps WebGPU on Vulkan behind these. */
const LINUX_HARDWARE: readonly string[] = [
  "--enable-features=Vulkan,VulkanFromANGLE",
  "--use-angle=vulkan",
  "--ignore-gpu-blocklist",
];

export function adapterFlags(adapter: "software" | "hardware"): readonly string[] {
  if (adapter === "software") return SOFTWARE;
  return process.platform === "linux" ? LINUX_HARDWARE : ["--ignore-gpu-blocklist"];
}

/** What to try for a wish, the best first. */
export function candidates(wish: AdapterWish): readonly ("software" | "hardware")[] {
  if (wish !== "auto") return [wish];
  return mayHaveHardware() ? ["hardware", "software"] : ["software"];
}
