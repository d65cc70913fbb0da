/**
 * One GPU for all tests of a process that are not about opening, filling or losing one: what was compiled for a test is
 * there for the next. Compiling is most of what tests on a GPU take.
 */

import type { WebgpuDevice } from "../../src/devices/webgpu/device.ts";
import { openWebgpuDevice, type WebgpuOptions } from "../../src/devices/webgpu/open.ts";
import { onHardware } from "./test-adapter.ts";

/** Its device is never closed: the process ends with it. */
let owner: Promise<WebgpuDevice> | undefined;

/** A device of its own, with storages and programs of its own, on this process's one GPU. */
export async function openSharedWebgpu(
  options: Omit<WebgpuOptions, "device" | "gpu" | "software"> = {},
): Promise<WebgpuDevice> {
  owner ??= openWebgpuDevice({ software: !onHardware });
  const { gpuDevice } = await owner;
  return await openWebgpuDevice({ ...options, device: gpuDevice });
}
