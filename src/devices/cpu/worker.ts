/** The worker's entry: a Web Worker, or a worker thread of Node. */
import { Conductor, type KernelExports } from "./conductor.ts";
import { adopter, forgetter } from "./emitted.ts";
import { holdLock } from "./liveness.ts";
import { FIRST_ADDRESS, type FromWorker, type Start, type ToWorker } from "./messages.ts";
import { sleeper } from "./sleepers.ts";

interface Port {
  post(message: FromWorker, transfer: ArrayBuffer[]): void;
  listen(receive: (message: ToWorker) => void): void;
}

/** Only Node's threads have a parent port; every other host gives a worker the web's interface. */
function openPort(): Port {
  const { process } = globalThis as { process?: NodeJS.Process };
  const parent = process?.getBuiltinModule?.("node:worker_threads").parentPort;
  if (parent) {
    return {
      post: (message, transfer) => parent.postMessage(message, transfer),
      listen: (receive) => parent.on("message", receive),
    };
  }
  // The page's types declare the window's postMessage; a dedicated worker's takes no origin.
  const scope = globalThis as unknown as DedicatedWorker;
  return {
    post: (message, transfer) => scope.postMessage(message, transfer),
    listen: (receive) => {
      scope.onmessage = ({ data }) => receive(data);
    },
  };
}
interface DedicatedWorker {
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
  onmessage: (event: { readonly data: ToWorker }) => void;
}

/** Put in by scripts/generate.mjs. */
declare const WORKER_STAMP: string;

const port = openPort();
let conductor: Conductor | undefined;

function fault(error: unknown): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  port.post({ kind: "fault", message }, []);
}

async function start(message: Start): Promise<void> {
  const { module, memory: shared, pages, maximumPages, thread, threads } = message;
  const memory = shared ?? new WebAssembly.Memory({ initial: pages, maximum: maximumPages });
  const adopt = adopter(memory, () => kernels);
  const forget = forgetter(() => kernels);
  const sleep = sleeper(memory);
  const instance = new WebAssembly.Instance(module, { env: { memory, adopt, forget, sleep } });
  // The exports of a module that was compiled from wasm/index.ts.
  const kernels = instance.exports as unknown as KernelExports;
  kernels.initialise(FIRST_ADDRESS, kernels.table.length);
  // Before anything can block the worker for ever.
  const isLocked = await holdLock(message.lock);
  port.post({ kind: "ready", stamp: WORKER_STAMP, isLocked }, []);
  if (thread > 0) kernels.follow(thread, threads);
  else conductor = new Conductor(threads, memory, kernels, port.post);
}

port.listen((message) => {
  try {
    if (message.kind === "start") start(message).catch(fault);
    else for (const command of message.commands) conductor?.obey(command);
  } catch (error) {
    fault(error);
  }
});
