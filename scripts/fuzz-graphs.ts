/** `npm run fuzz:graphs -- --seed n --count n`: random functions with gradients against float64; see test/support/graphs/. */
import { init } from "../src/functions.ts";
import { CheckedFunction } from "../test/support/graphs/check-function.ts";
import { command, deviceNamed } from "./command.ts";

const USAGE = `npm run fuzz:graphs -- [options]
  --seed n      the first structure (1)
  --count n     how many functions (2000)
  --each n      functions of one structure, with other data (4)
  --device d    cpu or webgpu (cpu)
  --data n      the first seed of the data (0)
  --verbose     prints every function`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "2000" },
  each: { type: "string", default: "4" },
  device: { type: "string", default: "cpu" },
  data: { type: "string", default: "0" },
  verbose: { type: "boolean", default: false },
});
const device = deviceNamed(USAGE, values.device);
await init({ device, seed: 1 });
const started = performance.now();
const [first, count, each, from] = [values.seed, values.count, values.each, values.data].map(
  Number,
);
let failures = 0;
let worst = 0;
for (let done = 0; done < (count ?? 0); ) {
  const structure = (first ?? 1) + Math.floor(done / (each ?? 1));
  const checked = new CheckedFunction(structure);
  for (let i = 0; i < (each ?? 1) && done < (count ?? 0); i++, done++) {
    const data = (from ?? 0) + i;
    const where = `--seed ${structure} --data ${data} --count 1`;
    try {
      const { ops, worst: own, failure } = await checked.check(data);
      worst = Math.max(worst, own);
      if (values.verbose) console.log(`${where}: ${ops.join(" ")} ${own.toFixed(3)}`);
      if (failure === undefined) continue;
      console.log(`${where}: ${failure}; ${ops.join(" ")}`);
    } catch (error) {
      console.log(`${where}: ${error instanceof Error ? error.stack : error}`);
    }
    failures++;
  }
  checked.dispose();
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `${values.device}: ${count} functions in ${seconds} s, ${failures} failures, worst ${worst.toFixed(3)} of what is allowed`,
);
process.exit(failures === 0 ? 0 : 1);
