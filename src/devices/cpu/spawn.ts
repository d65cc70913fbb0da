import { DeviceUnavailableError } from "../../errors.ts";
import type { WorkerUrl } from "../opener.ts";
import { spawnWeb } from "./web-worker.ts";
import type { WorkerEvents, WorkerHandle } from "./worker-handle.ts";

/** `node:` modules without an import, which bundlers for the web would stumble over. */
function nodeModule<K extends "node:worker_threads" | "node:os" | "node:v8">(name: K) {
  const { process } = globalThis as { process?: NodeJS.Process };
  return process?.getBuiltinModule?.(name);
}

/** Whether workers are threads of Node, Deno or Bun, which tell of their end, and keep no process at its own. */
export function hasThreads(): boolean {
  return nodeModule("node:worker_threads") !== undefined;
}

/** Starts `source`, or the script at `served`, as a worker: a thread of Node, Deno or Bun, else a Web Worker. */
export function spawn(source: string, events: WorkerEvents, served?: WorkerUrl): WorkerHandle {
  // First: Deno and Bun have both.
  const threads = nodeModule("node:worker_threads");
  if (threads !== undefined) return spawnNode(threads, source, events, served);
  if (typeof Worker !== "function") {
    throw new DeviceUnavailableError(
      "init: the cpu device needs workers; got a host with neither Worker nor node:worker_threads. " +
        "Call it from a page or a worker of one (a service worker has none of its own), or use Node 20.19 or newer.",
    );
  }
  return spawnWeb(source, events, served);
}

function spawnNode(
  { Worker: Thread }: typeof import("node:worker_threads"),
  source: string,
  events: WorkerEvents,
  served: WorkerUrl | undefined,
): WorkerHandle {
  // No execArgv: loaders that the host was started with (tsx, vitest) are not for this source.
  const options = { execArgv: [], name: "gradgpu-cpu" };
  const worker =
    served === undefined
      ? new Thread(source, { ...options, eval: true })
      : new Thread(
          String(served).startsWith("file:") ? new URL(String(served)) : String(served),
          options,
        );
  worker.on("message", events.message);
  worker.on("error", (error) =>
    events.failed(error instanceof Error ? error.message : String(error)),
  );
  worker.on("messageerror", () => events.failed("a worker's answer could not be read"));
  const ended = (code: number) => events.failed(`the worker ended with code ${code}`);
  worker.on("exit", ended);
  worker.unref();
  let isEnding = false;
  return {
    post: (message, transfer) =>
      // Node's transfer list and the page's have different names for the same ArrayBuffers.
      worker.postMessage(message, transfer as ArrayBuffer[]),
    terminate: () => {
      // Each run that waits in a worker may tell of a fault, and Node waits for the end once for each call.
      if (isEnding) return;
      isEnding = true;
      worker.off("exit", ended);
      // Settles once the thread is gone; nobody waits for that.
      worker.terminate().catch(() => {});
    },
    hold: () => worker.ref(),
    letGo: () => worker.unref(),
  };
}

/** Cores that a run may use, at most 8: beyond that the kernels wait for memory. */
export function defaultThreads(): number {
  const cores =
    nodeModule("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, Math.min(8, cores));
}

/** Node 20 compiles relaxed SIMD only behind this flag; from Node 22 on it has no effect. */
export function enableRelaxedSimd(): void {
  const major = Number.parseInt(globalThis.process?.versions?.node ?? "99", 10);
  if (major < 22) nodeModule("node:v8")?.setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** True where workers may share memory: in Node always, on a page only with cross-origin isolation. */
export function canShareMemory(): boolean {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  return typeof SharedArrayBuffer === "function" && isolated !== false;
}
