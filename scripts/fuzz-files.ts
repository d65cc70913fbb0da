/** `npm run fuzz:files -- --seed n --count n`: files that are almost right; see test/support/io/. */
import { fuzzFiles } from "../test/support/io/fuzz-files.ts";
import { command } from "./command.ts";

const USAGE = `npm run fuzz:files -- [options]
  --seed n      the first case (1)
  --count n     how many (10000)`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "10000" },
});
const started = performance.now();
const fuzzed = await fuzzFiles(Number(values.seed), Number(values.count));
for (const failure of fuzzed.failures) console.log(failure);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const shares = `reads up to ${fuzzed.mostRead.toFixed(2)} and results up to ${fuzzed.mostMade.toFixed(2)} times the file`;
console.log(
  `${fuzzed.read} read, ${fuzzed.refused} refused in ${seconds} s; ${shares}; the longest ${Math.round(fuzzed.longestMs)} ms; ${process.memoryUsage().rss >> 20} MiB in all; ${fuzzed.failures.length} failures`,
);
process.exit(fuzzed.failures.length === 0 ? 0 : 1);
