/** `npm run fuzz:verbs -- --seed n --count n`: verbs over all their shapes and options; see test/support/properties/. */
import { init } from "../src/functions.ts";
import { checkVerb, VERBS } from "../test/support/properties/index.ts";
import { command, deviceNamed } from "./command.ts";

const USAGE = `npm run fuzz:verbs -- [options]
  --seed n      what the calls are drawn from (1)
  --count n     how many of each verb (1000)
  --verb v      one of ${VERBS.join(", ")} (all)
  --device d    cpu or webgpu (cpu)`;

const { values } = command(USAGE, {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "1000" },
  verb: { type: "string" },
  device: { type: "string", default: "cpu" },
});
const device = deviceNamed(USAGE, values.device);
await init({ device, seed: 1 });
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
