/** Runs in the browser: every case and the whole computations on one of the page's devices. */
import { openCpuDevice } from "../../src/devices/cpu/index.ts";
import { openWebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { init } from "../../src/functions.ts";
import { runComposed } from "../support/composed.ts";
import { runConformance } from "../support/conformance.ts";

export async function runAll(name: "cpu" | "webgpu") {
  const device =
    name === "cpu"
      ? await openCpuDevice({ threads: 2, parallelBytes: 0 })
      : await openWebgpuDevice({ software: true });
  const report = await runConformance(device);
  const memory = device.memory();
  await device.close();
  const { runtime } = await init({ device: name, threads: 2 });
  const composed = await runComposed();
  await runtime.close();
  return { report, memory, composed, isIsolated: crossOriginIsolated };
}
