/** gradgpu/devices/cpu: the cpu device by a static import, for places that refuse `import()`. */
import { checkOptions } from "../../arguments.ts";
import { CPU_RULES, type CpuOpenerOptions, type DeviceOpener } from "../opener.ts";
import { openCpuDevice } from "./index.ts";

export type { CpuOpenerOptions, DeviceOpener, WorkerUrl } from "../opener.ts";

/**
 * The cpu device, to be opened by `init({ device: cpu() })`.
 * @throws ArgumentError for options that break their rules
 */
export function cpu(options: CpuOpenerOptions = {}): DeviceOpener {
  checkOptions("cpu", options, CPU_RULES);
  return {
    name: "cpu",
    options,
    open: (defaults) => openCpuDevice({ ...defaults, ...options }),
  };
}
