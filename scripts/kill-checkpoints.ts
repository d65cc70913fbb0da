/** `npm run kill:checkpoints`: trainings, or browsers, that are killed while they write checkpoints; test/support/killed. */
import { killTrainings } from "../test/support/killed/kill.ts";
import { killPages } from "../test/support/killed/kill-page.ts";
import { command } from "./command.ts";

const USAGE = `npm run kill:checkpoints -- [options]
  --count n     kills (1000); a hundred take some two minutes
  --device d    cpu or webgpu, or page: a browser whose page writes to OPFS (cpu)
  --seed n      of the moments (1)`;

const { values } = command(USAGE, {
  count: { type: "string", default: "1000" },
  device: { type: "string", default: "cpu" },
  seed: { type: "string", default: "1" },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
console.log(
  await (values.device === "page"
    ? killPages(count, seed)
    : killTrainings(values.device, count, seed)),
);
// A browser's pipes keep the process.
process.exit();
