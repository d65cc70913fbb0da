/** Opens every device on which values are compared, the reference's f32 and the kernels for a GPU included. */
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { ReferenceDevice } from "../../src/devices/reference/device.ts";
import { openHardwareKernels } from "../support/hardware-kernels.ts";
import { openSharedWebgpu } from "../support/shared-gpu.ts";

export interface OpenedDevice {
  readonly device: Device;
  close(): Promise<void>;
}

const alone = async (opening: Promise<Device>): Promise<OpenedDevice> => {
  const device = await opening;
  return { device, close: async () => device.close() };
};

export const everyDevice: readonly (readonly [name: string, open: () => Promise<OpenedDevice>])[] =
  [
    ["reference", () => alone(Promise.resolve(new ReferenceDevice()))],
    ["cpu", () => alone(openCpuDevice({ threads: 2, parallelBytes: 0 }))],
    ["cpu with plain SIMD", () => alone(openCpuDevice({ threads: 1, relaxedSimd: false }))],
    ["webgpu", () => alone(openSharedWebgpu())],
    ["webgpu with the kernels for a GPU", openHardwareKernels],
  ];
