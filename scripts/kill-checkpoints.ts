/**
 * `npm run kill:checkpoints -- --count 1000 --device cpu --seed 1`: trainings that are killed; test/support/killed. With
 * `--device page` browsers are killed, whose page writes to OPFS.
 */
import { parseArgs } from "node:util";
import { killTrainings } from "../test/support/killed/kill.ts";
import { killPages } from "../test/support/killed/kill-page.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    device: { type: "string", default: "cpu" },
    seed: { type: "string", default: "1" },
  },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
console.log(
  await (values.device === "page"
    ? killPages(count, seed)
    : killTrainings(values.device, count, seed)),
);
// A browser's pipes keep the process.
process.exit();
