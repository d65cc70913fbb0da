/** Runs in the browser: the recurrent goldens on one of the page's devices. */
import { init } from "../../src/functions.ts";
import { runRecurrentGoldens } from "../support/run-recurrent-goldens.ts";

export async function runGoldens(device: "cpu" | "webgpu") {
  const { runtime } = await init({ device, threads: 2 });
  const report = await runRecurrentGoldens();
  await runtime.close();
  return report;
}
