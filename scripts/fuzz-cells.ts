/** `npm run fuzz:cells -- --seed n --count n`: random recurrent cells against their loops in float64; test/support/random-cell.ts. */
import { openCpuDevice } from "../src/devices/cpu/index.ts";
import type { Device } from "../src/devices/device.ts";
import type { RecurrentMode } from "../src/devices/webgpu/lowering/recurrent-mode.ts";
import { cellWalks } from "../src/devices/webgpu/lowering/walk/index.ts";
import type { WebgpuTarget } from "../src/devices/webgpu/target.ts";
import { checkCase } from "../test/support/conformance.ts";
import { openHardwareKernels } from "../test/support/hardware-kernels.ts";
import { randomWalks } from "../test/support/random-cell.ts";
import { step, steps } from "../test/support/recurrent-modes.ts";
import { command, refuse } from "./command.ts";

/** The kernels of a GPU, with every walk in this mode. */
async function openInMode(mode: RecurrentMode): Promise<Device> {
  const instead = (target: WebgpuTarget) => ({ walks: cellWalks(target, () => mode) });
  return (await openHardwareKernels({ instead })).device;
}

const USAGE = `npm run fuzz:cells -- [options]
  --seed n      the first cell (1)
  --count n     how many (500)
  --form f      of the cpu device: relaxed, plain, threads, unshared; of a software GPU: hardware, steps, step, software (relaxed)`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "500" },
  form: { type: "string", default: "relaxed" },
});
const forms: Readonly<Record<string, () => Promise<Device>>> = {
  relaxed: () => openCpuDevice({ threads: 1 }),
  plain: () => openCpuDevice({ threads: 1, relaxedSimd: false }),
  threads: () => openCpuDevice({ threads: 2, parallelBytes: 0 }),
  unshared: () => openCpuDevice({ shared: false }),
  hardware: async () => (await openHardwareKernels()).device,
  steps: () => openInMode(steps),
  step: () => openInMode(step),
  software: () => openInMode({ kind: "softwareSteps", rows: 2, unitsEach: 1 }),
};
const open = forms[values.form];
if (open === undefined)
  refuse(USAGE, `the form must be one of ${Object.keys(forms).join(", ")}; got ${values.form}`);
const device = await open();
const [first, count] = [Number(values.seed), Number(values.count)];
let failures = 0;
for (let seed = first; seed < first + count; seed++) {
  try {
    const { walk, gradient } = randomWalks(seed);
    const wrong = [
      ...(await checkCase(device, "recurrence", walk)),
      ...(await checkCase(device, "recurrenceGrad", gradient)),
    ];
    if (wrong.length === 0) continue;
    console.log(`--seed ${seed} --count 1: ${wrong.join("; ")}`);
  } catch (error) {
    console.log(`--seed ${seed} --count 1: ${error instanceof Error ? error.stack : error}`);
  }
  failures++;
}
await device.close();
console.log(`${count} cells, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
