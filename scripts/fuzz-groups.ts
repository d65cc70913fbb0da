/** `npm run fuzz:groups -- --seed n --count n`: random groups against the reference; see test/support/groups/. */
import { openCpuDevice } from "../src/devices/cpu/index.ts";
import type { Device } from "../src/devices/device.ts";
import { openWebgpuDevice } from "../src/devices/webgpu/open.ts";
import { checkGroup } from "../test/support/groups/check-group.ts";
import { randomGroup } from "../test/support/groups/random-group.ts";
import { openHardwareKernels } from "../test/support/hardware-kernels.ts";
import { command } from "./command.ts";

const USAGE = `npm run fuzz:groups -- [options]
  --seed n      the first group (1)
  --count n     how many groups (2000)
  --form f      of the cpu device: relaxed, plain, threads, unshared; of a software GPU: hardware, software (all)`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "2000" },
  form: { type: "string", default: "all" },
});
const forms: Readonly<Record<string, () => Promise<Device>>> = {
  relaxed: () => openCpuDevice({ threads: 1 }),
  plain: () => openCpuDevice({ threads: 1, relaxedSimd: false }),
  threads: () => openCpuDevice({ threads: 2, parallelBytes: 0 }),
  unshared: () => openCpuDevice({ shared: false }),
  hardware: async () => (await openHardwareKernels()).device,
  software: () => openWebgpuDevice({ software: true }),
};
const [first, count] = [Number(values.seed), Number(values.count)];
let failures = 0;
for (const [form, open] of Object.entries(forms)) {
  if (values.form !== "all" && values.form !== form) continue;
  const started = performance.now();
  let device = await open();
  let apart = 0;
  for (let seed = first; seed < first + count; seed++) {
    try {
      const wrong = await checkGroup(device, randomGroup(seed), seed);
      if (wrong === undefined) apart++;
      if (wrong === undefined || wrong.length === 0) continue;
      console.log(`${form} --seed ${seed} --count 1: ${wrong.join("; ")}`);
    } catch (error) {
      console.log(
        `${form} --seed ${seed} --count 1: ${error instanceof Error ? error.stack : error}`,
      );
    }
    failures++;
    await device.close();
    device = await open();
  }
  await device.close();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${form}: ${count} groups in ${seconds} s, ${apart} of them left apart, since the device gains nothing by joining such`,
  );
}
console.log(`${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
