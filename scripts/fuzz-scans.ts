/** `npm run fuzz:scans -- --seed n --count n`: random loops with gradients against their steps in float64; see test/support/scans/. */
import { init } from "../src/functions.ts";
import { checkScan } from "../test/support/scans/check-scan.ts";
import { command, deviceNamed } from "./command.ts";

const USAGE = `npm run fuzz:scans -- [options]
  --seed n      the first loop (1)
  --count n     how many (1000)
  --device d    cpu or webgpu (cpu)
  --graph       compares graphs alone, without a device
  --verbose     prints every loop`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "1000" },
  device: { type: "string", default: "cpu" },
  graph: { type: "boolean", default: false },
  verbose: { type: "boolean", default: false },
});
await init({ device: deviceNamed(USAGE, values.device), seed: 1 });
const [first, count] = [Number(values.seed), Number(values.count)];
const kinds = new Map<string, number>();
let failures = 0;
let worst = 0;
for (let seed = first; seed < first + count; seed++) {
  const where = `--seed ${seed} --count 1`;
  try {
    const {
      form,
      loops,
      worst: own,
      failure,
    } = await checkScan(seed, seed, { device: !values.graph });
    for (const loop of loops) kinds.set(loop, (kinds.get(loop) ?? 0) + 1);
    // Of a loop of no steps nothing may be off, and nothing is.
    worst = Math.max(worst, own || 0);
    if (values.verbose) console.log(`${where}: ${form}; ${loops.join("; ")} ${own.toFixed(3)}`);
    if (failure === undefined) continue;
    console.log(`${where}: ${failure}; ${form}; ${loops.join("; ")}`);
  } catch (error) {
    console.log(`${where}: ${error instanceof Error ? error.stack : error}`);
  }
  failures++;
}
for (const [kind, times] of [...kinds].toSorted(([, a], [, b]) => b - a))
  console.log(`${times} × ${kind}`);
console.log(
  `${values.device}: ${count} loops, ${failures} failures, worst ${worst.toFixed(3)} of what is allowed`,
);
process.exit(failures === 0 ? 0 : 1);
