/** `npm run kill:checkpoints -- --count 1000 --device cpu --seed 1`: trainings that are killed; test/support/killed. */
import { parseArgs } from "node:util";
import { killTrainings } from "../test/support/killed/kill.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "1000" },
    device: { type: "string", default: "cpu" },
    seed: { type: "string", default: "1" },
  },
});
console.log(await killTrainings(values.device, Number(values.count), Number(values.seed)));
