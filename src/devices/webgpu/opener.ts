/** gradgpu/devices/webgpu: the webgpu device by a static import, for places that refuse `import()`, as service workers do. */
import { checkOptions, flag, oneOf, type Rule, rule } from "../../arguments.ts";
import type { DeviceOpener, GpuDevice, GpuSource } from "../opener.ts";
import { runFallback } from "./fallback.ts";
import { openWebgpuDevice } from "./open.ts";

export type { DeviceOpener, GpuDevice, GpuSource } from "../opener.ts";

/** Which GPU is opened. */
export interface WebgpuOpenerOptions {
  /** A GPUDevice of the caller's own, which is used as it is and left open at the end. */
  readonly device?: GpuDevice;
  /** Where adapters come from; `navigator.gpu`, or in Node npm `webgpu`, where nothing is said: `create([])` of that package. */
  readonly gpu?: GpuSource;
  /** true: only a software adapter; false: never one. Where nothing is said: one if there is no other. */
  readonly software?: boolean;
  /** "high-performance" where nothing is said. */
  readonly powerPreference?: "low-power" | "high-performance";
}

/**
 * The webgpu device, to be opened by `init({ device: webgpu() })`.
 * @throws ArgumentError for options that break their rules
 */
export function webgpu(options: WebgpuOpenerOptions = {}): DeviceOpener {
  checkOptions("webgpu", options, {
    device: part("createBuffer", "a GPUDevice"),
    gpu: part("requestAdapter", "a GPU, as navigator.gpu is"),
    software: flag,
    powerPreference: oneOf("low-power", "high-performance"),
  });
  const { device, gpu, ...rest } = options;
  const given = {
    ...rest,
    // WebGPU's own objects, of which the declarations name a part.
    ...(device !== undefined && { device: device as unknown as GPUDevice }),
    ...(gpu !== undefined && { gpu: gpu as unknown as GPU }),
    loadFallback: async () => runFallback,
  };
  return { name: "webgpu", options, open: () => openWebgpuDevice(given) };
}

/** An object that has the method `name`. */
function part(name: string, is: string): Rule {
  return rule(is, (value) => typeof value === "object" && value !== null && name in value);
}
