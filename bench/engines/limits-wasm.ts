/** The CPU's limits as WebAssembly sees them, with a worker a thread. */

import { numberOf } from "../cases/inputs.ts";
import { checksum, floats } from "../cases/random.ts";
import type {
  BenchCase,
  Cannot,
  Engine,
  EngineInfo,
  EngineOptions,
  Prepared,
} from "../contract.ts";
import { FLOPS_PER_ROUND, fmaModule } from "./fma-module.ts";

/** Operations of one run, over all threads: some tens of milliseconds. */
const FMA_FLOPS = 2 ** 31;

/** What a worker does with its share; runs from a Blob or as a Node thread, so it stands here as text. */
const WORKER = `
const port = typeof self !== "undefined" && typeof self.postMessage === "function"
  ? { post: (m) => self.postMessage(m), listen: (f) => { self.onmessage = ({ data }) => f(data); } }
  : (() => { const { parentPort } = process.getBuiltinModule("node:worker_threads");
             return { post: (m) => parentPort.postMessage(m), listen: (f) => parentPort.on("message", f) }; })();
let fma, from, to;
port.listen(({ module, elements, rounds }) => {
  if (module) fma = new WebAssembly.Instance(module).exports.fma;
  if (elements) { from = new Float32Array(elements).fill(1); to = new Float32Array(elements); }
  if (rounds) port.post(fma(rounds));
  else if (module || elements) port.post(0);
  else { to.set(from); port.post(to[0]); }
});
`;

interface Thread {
  ask(message: object): Promise<void>;
  end(): void;
}

function startThread(): Thread {
  let settle: (() => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  const done = () => settle?.();
  const failed = (text: string) => fail?.(new Error(`limit-wasm: a worker failed: ${text}`));
  const ask = (post: () => void) =>
    new Promise<void>((resolve, reject) => {
      settle = resolve;
      fail = reject;
      post();
    });
  if (typeof Worker === "function") {
    const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
    const worker = new Worker(url);
    worker.onmessage = done;
    worker.onerror = ({ message }) => failed(message);
    return {
      ask: (message) => ask(() => worker.postMessage(message)),
      end: () => worker.terminate(),
    };
  }
  const { Worker: NodeWorker } = process.getBuiltinModule("node:worker_threads");
  const worker = new NodeWorker(WORKER, { eval: true, execArgv: [] });
  worker.on("message", done);
  worker.on("error", (error) => failed(String(error)));
  return {
    ask: (message) => ask(() => worker.postMessage(message)),
    end: () => void worker.terminate().catch(() => undefined),
  };
}

export class WasmLimits implements Engine {
  #threads: Thread[] = [];
  #module: WebAssembly.Module | undefined;

  async open({ threads = hostThreads() }: EngineOptions): Promise<EngineInfo> {
    // Node 20 has relaxed SIMD behind a flag; elsewhere this does nothing.
    globalThis.process
      ?.getBuiltinModule?.("node:v8")
      ?.setFlagsFromString("--experimental-wasm-relaxed-simd");
    const relaxed = WebAssembly.validate(fmaModule(true));
    this.#module = await WebAssembly.compile(fmaModule(relaxed));
    this.#threads = Array.from({ length: threads }, startThread);
    const backend = relaxed
      ? "wasm relaxed SIMD, fused multiply-add"
      : "wasm SIMD, multiply and add";
    return { engine: "limit-wasm", device: "cpu", backend, threads, version: "1" };
  }

  async prepare(benchCase: BenchCase): Promise<Prepared | Cannot> {
    const { kind } = benchCase;
    if (kind !== "fma" && kind !== "copy") return { cannot: "limit-wasm runs fma and copy alone" };
    const count = this.#threads.length;
    const all = async (message: object) => {
      await Promise.all(this.#threads.map((thread) => thread.ask(message)));
    };
    if (kind === "fma") {
      await all({ module: this.#module });
      const rounds = Math.ceil(FMA_FLOPS / FLOPS_PER_ROUND / count);
      return {
        run: () => all({ rounds }),
        result: async () => [1, 1, 1],
        flops: rounds * FLOPS_PER_ROUND * count,
        dispose: async () => {},
      };
    }
    const elements = numberOf(benchCase, "elements");
    await all({ elements: Math.ceil(elements / count) });
    return {
      run: () => all({}),
      result: async () => checksum(floats(1, elements)),
      dispose: () => all({ elements: 1 }),
    };
  }

  async close(): Promise<void> {
    for (const thread of this.#threads) thread.end();
    this.#threads = [];
  }
}

function hostThreads(): number {
  const os = globalThis.process?.getBuiltinModule?.("node:os");
  return Math.min(8, os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1);
}
