/** The entry of hosts that are a command: Node, Deno, Bun. `… bundle.mjs <form> [last gradient]` prints the report as its last line. */
import { type Form, run } from "./everywhere.ts";

const [, , form, lastGradient] = process.argv;
const limit = lastGradient === undefined ? undefined : Number(lastGradient);
console.log(JSON.stringify(await run(form as Form, limit)));
// Dawn's GPU, which the module holds, does not end by itself.
process.exit();
