/** `npm run fuzz:verbs -- --seed n --count n`: verbs over all their shapes and options; see test/support/properties/. */
import { parseArgs } from "node:util";
import { init } from "../src/functions.ts";
import { checkVerb, VERBS } from "../test/support/properties/index.ts";

const USAGE = `npm run fuzz:verbs -- [options]
  --seed n      what the calls are drawn from (1)
  --count n     how many of each verb (1000)
  --verb v      one of ${VERBS.join(", ")} (all)
  --device d    cpu or webgpu (cpu)`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "1000" },
    verb: { type: "string" },
    device: { type: "string", default: "cpu" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (values.device !== "cpu" && values.device !== "webgpu") {
  console.error(`--device must be cpu or webgpu; got ${values.device}`);
  process.exit(2);
}
await init({ device: values.device, seed: 1 });
let failures = 0;
for (const verb of values.verb === undefined ? VERBS : [values.verb]) {
  try {
    await checkVerb(verb, Number(values.seed), Number(values.count));
    console.log(`${verb}: ${values.count} calls are right`);
  } catch (error) {
    failures++;
    console.log(`${verb}: ${error instanceof Error ? `${error.message}\n${error.cause}` : error}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
