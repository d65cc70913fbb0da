/** The process that is killed: `child.mjs DEVICE FOLDER`. It says what it has done, line by line. */
import { writeSync } from "node:fs";
import { init } from "../../../src/index.ts";
import { folder } from "../../../src/io/index.ts";
import { openCounting } from "../../pure/runtime/open.ts";
import { telling } from "./said.ts";
import { trainOn } from "./training.ts";

const [, , device = "", path = ""] = process.argv;
// At once, so that nothing that was said is lost with the process.
const say = (line: string) => writeSync(1, `${line}\n`);

const runtime =
  device === "reference"
    ? openCounting().runtime
    : (await init({ device: device === "cpu" ? "cpu" : "webgpu" })).runtime;
const { to, told } = telling(folder(path), say);
// The reference takes seconds of processor time for what the cpu device does in half a one.
await trainOn(to, told, device === "reference" ? { width: 24 } : {});
say("done");
await runtime.close();
process.exit(0);
