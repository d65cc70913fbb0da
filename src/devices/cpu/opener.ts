/** gradgpu/devices/cpu: the cpu device by a static import, for places that refuse `import()`. */
import type { CpuOpenerOptions, DeviceOpener } from "../opener.ts";
import { openCpuDevice } from "./index.ts";

export type { CpuOpenerOptions, DeviceOpener, WorkerUrl } from "../opener.ts";

/** The cpu device, to be opened by `init({ device: cpu() })`. */
export function cpu(options: CpuOpenerOptions = {}): DeviceOpener {
  return {
    name: "cpu",
    options,
    open: (defaults) => openCpuDevice({ ...defaults, ...options }),
  };
}
