/** SwiftShader with the kernels that are chosen for a GPU: how they are run on a machine that has none. */
import { WebgpuDevice } from "../../src/devices/webgpu/device.ts";
import type { WebgpuTarget } from "../../src/devices/webgpu/target.ts";
import { webgpuTraits } from "../../src/devices/webgpu/traits.ts";
import type { DeviceTraits } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import { rolledSteps } from "./rolled.ts";
import { openSharedWebgpu } from "./shared-gpu.ts";
import { onHardware } from "./test-adapter.ts";

export interface HardwareKernels {
  readonly device: WebgpuDevice;
  close(): Promise<void>;
}

export interface HardwareOptions {
  /** Replaces some of the traits, as where kernels are forced that would not be chosen. */
  readonly instead?: (target: WebgpuTarget, traits: DeviceTraits) => Partial<DeviceTraits>;
  /**
   * Whether the kernels' inner loops are unrolled as on a GPU. SwiftShader compiles such a kernel for seconds; rolled up
   * it is the same in a fifth of the time. Default false: few tests are about it (training-step, recurrent-kernels).
   */
  readonly unrolled?: boolean;
}

class RolledDevice extends WebgpuDevice {
  override load(plan: Plan): ReturnType<WebgpuDevice["load"]> {
    return super.load({ ...plan, steps: rolledSteps(plan.steps) });
  }
}

export async function openHardwareKernels({
  instead = () => ({}),
  unrolled = false,
}: HardwareOptions = {}): Promise<HardwareKernels> {
  const software = await openSharedWebgpu();
  const { gpuDevice } = software;
  const target = { isSoftware: false, limits: gpuDevice.limits };
  const traits = webgpuTraits({ limits: target.limits });
  const device = new (unrolled || onHardware ? WebgpuDevice : RolledDevice)(gpuDevice, {
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
