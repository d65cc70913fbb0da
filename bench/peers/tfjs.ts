/** TensorFlow.js, on its wasm and webgpu back ends. The page is its own: the back end is global. */
import * as tf from "@tensorflow/tfjs-core";
// The gradients of the core's ops are registered here, and nowhere in the core.
import "@tensorflow/tfjs-layers";
import type { Engine, EngineInfo, EngineOptions } from "../contract.ts";
import { attempt, describeAdapter, prepared, threadsAskedFor } from "./support.ts";
import { gpuProducts, type Session, wasmProducts } from "./tfjs/library.ts";
import { workOf } from "./tfjs/work.ts";

export function createEngine(name: string): Engine {
  const onGpu = name === "tfjs-webgpu";
  let session: Session | undefined;
  return {
    async open(options) {
      const opened = onGpu ? await openWebgpu(name) : await openWasm(name, options);
      session = opened.session;
      return opened.info;
    },
    prepare: (benchCase) =>
      attempt(async () => {
        if (session === undefined) throw new Error("The engine is not open.");
        const work = workOf(session, benchCase);
        return "cannot" in work ? work : await prepared(work);
      }),
    async close() {
      session = undefined;
    },
  };
}

const MOST_THREADS = 8;

interface Opened {
  readonly session: Session;
  readonly info: EngineInfo;
}

async function openWasm(engine: string, options: EngineOptions): Promise<Opened> {
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  const threads = threadsAskedFor(options.threads);
  const { assetBase } = options;
  if (assetBase !== undefined) {
    wasm.setWasmPaths(`${assetBase}@tensorflow/tfjs-backend-wasm/dist/`);
    wasm.setThreadsCount(threads);
    offerProcessors(2 * threads);
  }
  await use("wasm");
  // In Node it has no threads; in a page where that is cross-origin isolated.
  const ran = assetBase === undefined ? 1 : wasm.getThreadsCount();
  if (ran !== Math.min(threads, MOST_THREADS) && globalThis.crossOriginIsolated) {
    throw new Error(`TensorFlow.js runs ${ran} threads where ${threads} were asked for.`);
  }
  const hasSimd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return {
    // Its kernels have run when their function returns.
    session: { finish: async () => {}, ...wasmProducts },
    info: {
      engine,
      device: "cpu",
      backend: `wasm${hasSimd ? " simd" : ""}${ran > 1 ? " threaded" : ""}`,
      threads: Math.max(1, ran),
      version: tf.version_core,
    },
  };
}

/**
 * What it makes of setThreadsCount in 4.22 is nothing: it runs half as many threads as the page says that there are
 * processors, at least 1. So on two cores it would run one thread.
 */
function offerProcessors(count: number): void {
  Object.defineProperty(navigator, "hardwareConcurrency", { value: count, configurable: true });
}

async function openWebgpu(engine: string): Promise<Opened> {
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  await use("webgpu");
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error("The back end is not WebGPU's.");
  return {
    session: {
      ...gpuProducts,
      async finish() {
        // What the backend does itself before it reads a tensor back; nothing is open right after that.
        backend.ensureCommandEncoderReady();
        backend.endComputePassEncoder();
        backend.submitQueue();
        await backend.queue.onSubmittedWorkDone();
      },
    },
    info: {
      engine,
      device: "webgpu",
      backend: "webgpu",
      version: tf.version_core,
      ...(await describeAdapter()),
    },
  };
}

/** It falls back to another back end without a word where one does not start. */
async function use(name: string): Promise<void> {
  const started = await tf.setBackend(name);
  await tf.ready();
  if (!started || tf.getBackend() !== name) {
    throw new Error(`TensorFlow.js runs on "${tf.getBackend()}", not on "${name}".`);
  }
}
