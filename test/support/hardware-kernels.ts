/** SwiftShader with the kernels that are chosen for a GPU: how they are run on a machine that has none. */
import { WebgpuDevice } from "../../src/devices/webgpu/device.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/open.ts";
import { webgpuTraits } from "../../src/devices/webgpu/traits.ts";

export interface HardwareKernels {
  readonly device: WebgpuDevice;
  close(): Promise<void>;
}

export async function openHardwareKernels(): Promise<HardwareKernels> {
  const software = await openWebgpuDevice({ software: true });
  const { gpuDevice } = software;
  const device = new WebgpuDevice(gpuDevice, {
    traits: webgpuTraits({ software: false, limits: gpuDevice.limits }),
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
