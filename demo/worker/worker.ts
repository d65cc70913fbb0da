/** The worker: one panel's training, behind the messages of protocol.ts. */

import { panelSettings } from "../panels.ts";
import type { Command, Told } from "../protocol.ts";
import { identityOf } from "../settings.ts";
import { loadWeights, modelBytes, onnxBytes } from "./files.ts";
import { loseDevices, noteDevices } from "./losing.ts";
import { failureOf, Runner } from "./runner.ts";
import type { LoadData, Training } from "./training.ts";
import { openings } from "./trainings.ts";

type Open = Extract<Command, { kind: "open" }>;

const fileOf = { safetensors: modelBytes, onnx: onnxBytes } as const;

let opening = 0;
let runner: Runner | undefined;
/** Openings wait for each other; what is said meanwhile waits for them. */
let opened: Promise<void> = Promise.resolve();

noteDevices();
self.onmessage = ({ data }: MessageEvent<Command>) => {
  if (data.kind === "open") opened = opened.then(() => open(data));
  else void opened.then(() => runner && follow(runner, data));
};

async function open(command: Open): Promise<void> {
  opening = command.opening;
  const { panel, settings, device, pace, begin, base } = command;
  try {
    const earlier = runner;
    runner = undefined;
    const back = begin === "back" ? earlier?.good : undefined;
    await earlier?.close();
    const identity = identityOf(panelSettings[panel], settings);
    const options = { panel, settings, identity, device, pace, begin, back, tell };
    runner = await Runner.open({
      ...options,
      open: async (openDevice) => (await openings[panel]())(settings, loaderFrom(base), openDevice),
    });
  } catch (error) {
    tell({ kind: "failed", failure: failureOf(error) });
    tell({ kind: "state", state: "failed" });
  }
}

function follow(run: Runner, command: Exclude<Command, Open>): void {
  switch (command.kind) {
    case "play":
    case "pause":
    case "step":
    case "keep":
      run[command.kind]();
      break;
    case "lose":
      loseDevices();
      break;
    case "pace":
      run.pace = command.pace;
      break;
    case "set":
      run.set(command.name, command.value);
      break;
    case "watch":
      run.probes.watch(command);
      run.wake();
      break;
    case "ask":
      run.probes.ask(command);
      run.wake();
      break;
    case "unwatch":
    case "drawn":
      run.probes[command.kind](command.id);
      run.wake();
      break;
    case "rest":
      run.rest(() => tell({ kind: "answer", id: command.id, answer: undefined }));
      break;
    case "export":
      answer(run, command.id, (training) => fileOf[command.format](training, command.network));
      break;
    case "import":
      answer(run, command.id, (training) => loadWeights(training, command.network, command.bytes));
      break;
    default:
      command satisfies never;
  }
}

/** Does `task` between two steps and answers with what it comes to, or with why not. */
function answer(run: Runner, id: number, task: (training: Training) => Promise<unknown>): void {
  run.errand(async (training) => {
    try {
      tell({ kind: "answer", id, answer: await task(training) });
    } catch (error) {
      tell({ kind: "refused", id, failure: failureOf(error) });
    }
  });
}

function tell(event: Told): void {
  self.postMessage({ ...event, opening }, { transfer: transferred(event) });
}

/** The buffers of an answer's arrays, which are not used here any more: copying them would take the page's time. */
function transferred(event: Told): Transferable[] {
  if (event.kind !== "picture" && event.kind !== "answer") return [];
  const buffers = new Set<ArrayBuffer>();
  const collect = (value: unknown) => {
    if (ArrayBuffer.isView(value)) {
      const { buffer, byteLength } = value;
      if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffers.add(buffer);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  collect(event.answer);
  return [...buffers];
}

function loaderFrom(base: string): LoadData {
  return async (name) => {
    const response = await fetch(new URL(`data/${name}`, base));
    if (!response.ok) throw new Error(`data/${name} could not be loaded: ${response.status}.`);
    return new Uint8Array(await response.arrayBuffer());
  };
}
