/** What the examples share: how each of them is started as a script. Nothing of it is about networks. */
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { init } from "gradgpu";

export interface Example<S> {
  /** Trains with these settings, prints what happens, and returns what was measured. */
  readonly main: (settings: S) => Promise<unknown>;
  readonly full: S;
  /** A small part of it, for a first look and for the tests. */
  readonly quick: S;
}

/** Runs the example if its file, `url`, is what Node was started with: `--quick`, `--device cpu`, `--seed 1`. */
export async function runAsScript<S>(
  url: string,
  { main, full, quick }: Example<S>,
): Promise<void> {
  if (url !== pathToFileURL(process.argv[1] ?? "").href) return;
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      device: { type: "string", default: "auto" },
      seed: { type: "string", default: "1" },
    },
  });
  // init() refuses a name that it does not know.
  const device = values.device as "auto" | "cpu" | "webgpu";
  const opened = await init({ device, seed: Number(values.seed) });
  console.log(`Device: ${opened.device} (${opened.description}), because ${opened.why}.`);
  const startMs = performance.now();
  await main(values.quick ? quick : full);
  console.log(`${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  await opened.runtime.close();
}
