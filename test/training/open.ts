/** Opens the devices that training is tested on. */
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { setCurrentRuntime } from "../../src/runtime/current.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import { restartSeeds } from "../../src/runtime/seeds.ts";
import { openSharedWebgpu } from "../support/shared-gpu.ts";

/** The cpu divides even the smallest programs between its threads here. */
export const devices = {
  "cpu, one thread": () => openCpuDevice({ threads: 1 }),
  "cpu, two threads": () => openCpuDevice({ threads: 2, parallelBytes: 0 }),
  webgpu: () => openSharedWebgpu(),
} satisfies Record<string, () => Promise<Device>>;

export type DeviceName = keyof typeof devices;
export const deviceNames = Object.keys(devices) as DeviceName[]; // Object.keys forgets the names of the keys

/** As `init({ seed, memoryBudget })` does, on a device of one's own. */
export function use(device: Device, seed = 0, memoryBudget = Number.POSITIVE_INFINITY): Runtime {
  const runtime = new Runtime(device, { seed, memoryBudget });
  setCurrentRuntime(runtime);
  restartSeeds(seed);
  return runtime;
}
