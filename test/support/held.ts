import type { DeviceMemory } from "../../src/devices/device.ts";

/** What is allocated; how much a device keeps free beside it is its own affair. */
export function held({ bytes, buffers }: DeviceMemory): Pick<DeviceMemory, "bytes" | "buffers"> {
  return { bytes, buffers };
}
