/** Runs in the browser: cases and the whole computations on one of the page's devices, which stays open in between. */

import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import type { Device } from "../../src/devices/device.ts";
import { openWebgpuDevice, WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { init } from "../../src/functions.ts";
import { runComposed } from "../support/composed.ts";
import { runConformance } from "../support/conformance.ts";
import { held } from "../support/held.ts";
import { runVerbFamily } from "../support/verb-goldens.ts";

let device: Device | undefined;

export async function open(name: "cpu" | "webgpu") {
  device =
    name === "cpu"
      ? await openCpuDevice({ threads: 2, parallelBytes: 0 })
      : await openWebgpuDevice({ software: true });
  return { description: device.description, isIsolated: crossOriginIsolated };
}

export async function run(op: string) {
  if (device === undefined) throw new Error("open a device first");
  return await runConformance(device, [op]);
}

/** Closes the device and says what it still held. */
export async function close() {
  const memory = device && held(device.memory());
  await device?.close();
  return memory;
}

/** On the GPU that is open: what was compiled for a case is there for a computation. */
function initOn(name: "cpu" | "webgpu") {
  const gpu = device instanceof WebgpuDevice ? device.gpuDevice : undefined;
  return init({ device: gpu ?? name, threads: 2 });
}

export async function runWhole(name: "cpu" | "webgpu") {
  const { runtime } = await initOn(name);
  const report = await runComposed();
  await runtime.close();
  return report;
}

export async function runVerbs(name: "cpu" | "webgpu", family: string) {
  const { runtime } = await initOn(name);
  const report = await runVerbFamily(family);
  await runtime.close();
  return report;
}
