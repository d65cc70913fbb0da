/** `npm run fuzz:api -- --seed n --count n`: calls every public function with anything; see test/support/fuzz/. */
import { type Fault, fuzz } from "../test/support/fuzz/run.ts";
import { command, deviceNamed } from "./command.ts";

const USAGE = `npm run fuzz:api -- [options]
  --seed n      which calls are made (1)
  --count n     how many (20000)
  --device d    cpu or webgpu (cpu)
  --first n     the number of the first call; with --count 1 one call is made again (0)
  --only r      only functions whose path the regular expression finds: '^nn\\.'
  --verbose     prints every call before it is made
  --all         every fault, not one of each kind`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "20000" },
  device: { type: "string", default: "cpu" },
  first: { type: "string", default: "0" },
  only: { type: "string" },
  verbose: { type: "boolean", default: false },
  all: { type: "boolean", default: false },
});
const device = deviceNamed(USAGE, values.device);
const seed = Number(values.seed);
const started = performance.now();
const { faults, calls, counts } = await fuzz({
  device,
  seed,
  count: Number(values.count),
  first: Number(values.first),
  ...(values.only === undefined ? {} : { only: new RegExp(values.only) }),
  ...(values.verbose ? { onCall: ({ text }, number) => console.log(`${number}: ${text}`) } : {}),
});

/** Faults of one kind at one place are one fault. */
const groups = new Map<string, Fault[]>();
for (const fault of faults) {
  const key = values.all
    ? String(groups.size)
    : `${fault.path}: ${fault.what.replace(/\d+/g, "n")}`;
  groups.set(key, [...(groups.get(key) ?? []), fault]);
}
for (const [first, ...rest] of [...groups.values()].sort((a, b) => b.length - a.length)) {
  if (first === undefined) continue;
  console.log(
    `${first.path}: ${first.what}${rest.length === 0 ? "" : ` (${rest.length + 1} times)`}`,
  );
  console.log(`  seed ${seed}, call ${first.number}: ${first.text}`);
}
const never = [...counts].filter(([, { calls, values }]) => calls > 0 && values === 0);
if (never.length > 0) console.log(`never right: ${never.map(([path]) => path).join(", ")}`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `${values.device}: ${calls} calls of ${counts.size} functions in ${seconds} s, seed ${seed}: ${faults.length} faults of ${groups.size} kinds`,
);
process.exit(faults.length === 0 ? 0 : 1);
