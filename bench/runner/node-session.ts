/** The process in which an engine runs under Node: reads commands from its input, a line each. */
import { createInterface } from "node:readline";
import type { Engine } from "../contract.ts";
import { ENGINES, isEngineName } from "./engines.ts";
import { GpuMeter } from "./gpu-meter.ts";
import { ANSWER_MARK } from "./line-host.ts";
import { messageOf } from "./measure.ts";
import { type Command, Session } from "./session.ts";

// Ctrl-C is for the runner.
process.on("SIGINT", () => undefined);

const name = process.argv[2] ?? "";
if (!isEngineName(name)) throw new Error(`there is no engine ${name}.`);
const { module, device } = ENGINES[name];

async function open(): Promise<Session> {
  const meter = new GpuMeter(device === "webgpu" ? await dawnClasses() : {});
  // A path that is only known now has no types; every engine module exports createEngine.
  const { createEngine } = (await import(new URL(`../${module}.ts`, import.meta.url).href)) as {
    readonly createEngine: (name: string) => Engine;
  };
  return new Session(createEngine(name), meter);
}

/** Dawn's classes, which are no globals in Node. */
async function dawnClasses(): Promise<ConstructorParameters<typeof GpuMeter>[0]> {
  const { globals } = await import("webgpu");
  return globals;
}

const opening = open();
// Told with the first answer.
opening.catch(() => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  let answer: { value?: unknown; error?: string };
  try {
    const command = JSON.parse(line) as Command;
    answer = { value: await (await opening).answer(command) };
  } catch (error) {
    answer = { error: messageOf(error) };
  }
  process.stdout.write(`${ANSWER_MARK}${JSON.stringify(answer)}\n`);
}
process.exit(0);
