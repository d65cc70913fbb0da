/** A runtime on the reference device that counts what is compiled. */
import { ReferenceDevice } from "../../../src/devices/reference/device.ts";
import { setCurrentRuntime } from "../../../src/runtime/current.ts";
import { Runtime, type RuntimeOptions } from "../../../src/runtime/runtime.ts";
import { restartSeeds } from "../../../src/runtime/seeds.ts";
import type { Plan } from "../../../src/scheduler/plan.ts";

export class CountingDevice extends ReferenceDevice {
  loads = 0;
  runs = 0;

  override load(plan: Plan) {
    this.loads++;
    return super.load(plan);
  }

  override run(...args: Parameters<ReferenceDevice["run"]>) {
    this.runs++;
    return super.run(...args);
  }
}

/** Opens a runtime and makes it the current one, as `init()` does. */
export function openCounting(
  options: Partial<RuntimeOptions> = {},
  device: CountingDevice = new CountingDevice(),
) {
  const { seed = 0, memoryBudget = Number.POSITIVE_INFINITY } = options;
  const runtime = new Runtime(device, { seed, memoryBudget });
  setCurrentRuntime(runtime);
  restartSeeds(seed);
  return { device, runtime };
}
