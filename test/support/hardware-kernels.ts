/** SwiftShader with the kernels that are chosen for a GPU: how they are run on a machine that has none. */
import { WebgpuDevice } from "../../src/devices/webgpu/device.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/open.ts";
import type { WebgpuTarget } from "../../src/devices/webgpu/target.ts";
import { webgpuTraits } from "../../src/devices/webgpu/traits.ts";
import type { DeviceTraits } from "../../src/scheduler/lowering.ts";

export interface HardwareKernels {
  readonly device: WebgpuDevice;
  close(): Promise<void>;
}

/** `instead` replaces some of the traits, as where kernels are forced that would not be chosen. */
export async function openHardwareKernels(
  instead: (target: WebgpuTarget, traits: DeviceTraits) => Partial<DeviceTraits> = () => ({}),
): Promise<HardwareKernels> {
  const software = await openWebgpuDevice({ software: true });
  const { gpuDevice } = software;
  const target = { isSoftware: false, limits: gpuDevice.limits };
  const traits = webgpuTraits({ limits: target.limits });
  const device = new WebgpuDevice(gpuDevice, {
    traits: { ...traits, ...instead(target, traits) },
    description: "SwiftShader with the kernels for hardware",
    isOwned: false,
    budgetBytes: 2 ** 30,
    isDebug: true,
  });
  return {
    device,
    async close() {
      await device.close();
      await software.close();
    },
  };
}
