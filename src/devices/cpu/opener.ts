/** gradgpu/devices/cpu: the cpu device by a static import, for places that refuse `import()`. */
import { checkOptions, count, rule } from "../../arguments.ts";
import type { CpuOpenerOptions, DeviceOpener } from "../opener.ts";
import { openCpuDevice } from "./index.ts";

export type { CpuOpenerOptions, DeviceOpener, WorkerUrl } from "../opener.ts";

const address = rule(
  "the address of gradgpu/cpu-worker.js",
  (value) => (typeof value === "object" || typeof value === "string") && !!value,
);

/** The cpu device, to be opened by `init({ device: cpu() })`. @throws ArgumentError */
export function cpu(options: CpuOpenerOptions = {}): DeviceOpener {
  checkOptions("cpu", options, { threads: count, workerUrl: address });
  return {
    name: "cpu",
    options,
    open: (defaults) => openCpuDevice({ ...defaults, ...options }),
  };
}
