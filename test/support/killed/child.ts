/** The process that is killed: `child.mjs DEVICE FOLDER`. It says what it has done, line by line. */
import { writeSync } from "node:fs";
import { init } from "../../../src/index.ts";
import { type Folder, folder } from "../../../src/io/index.ts";
import { openCounting } from "../../pure/runtime/open.ts";
import { trainOn } from "./training.ts";

const [, , device = "", path = ""] = process.argv;
// At once, so that nothing that was said is lost with the process.
const say = (line: string) => writeSync(1, `${line}\n`);

const runtime =
  device === "reference"
    ? openCounting().runtime
    : (await init({ device: device === "cpu" ? "cpu" : "webgpu" })).runtime;
const files = folder(path);
const to: Folder = {
  ...files,
  place(name) {
    const place = files.place(name);
    return {
      description: place.description,
      size: (...given) => place.size(...given),
      read: (...given) => place.read(...given),
      remove: () => place.remove(),
      write(...given) {
        say(`writing ${name}`);
        return place.write(...given);
      },
    };
  },
};
await trainOn(to, {
  step: (step) => say(`step ${step}`),
  written: ({ name, step }) => name.startsWith("step") && say(`written ${step}`),
});
say("done");
await runtime.close();
process.exit(0);
