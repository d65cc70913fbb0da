import { DeviceUnavailableError } from "../../errors.ts";
import type { Device } from "../device.ts";
import type { CpuOpenerOptions, WorkerUrl } from "../opener.ts";
import { CpuDevice } from "./device.ts";
import { workerSource, workerStamp } from "./generated/worker.ts";
import { lockName, watchLock } from "./liveness.ts";
import { type FromWorker, firstTensorAddress, PAGE_BYTES, type Start } from "./messages.ts";
import { type CompiledKernels, compileKernels } from "./module.ts";
import { endSleep } from "./sleepers.ts";
import { canShareMemory, defaultThreads, hasThreads, spawn } from "./spawn.ts";
import { cpuTraits } from "./traits.ts";
import type { WorkerHandle } from "./worker-handle.ts";

export { cpuTraits } from "./traits.ts";

export interface CpuOptions extends CpuOpenerOptions {
  /** false keeps to plain SIMD, without fused multiply-add, even where the host has it. */
  readonly relaxedSimd?: boolean;
  /** false gives the memory to one worker, as on a page without cross-origin isolation. */
  readonly shared?: boolean;
  /** Bytes of operands that are worth one more time that threads wait for each other, see `Division`; 0 is for tests. */
  readonly parallelBytes?: number;
}

/**
 * Threads that share the work seldom come to a meeting together, and one that has waited for long sleeps: waking it costs
 * some 50 µs. With two threads on idle cores this bound chose the faster of one and two in each of 17 training steps
 * (LSTM, scan, CNN, perceptron); half of it did not.
 */
const PARALLEL_BYTES = 512 * 1024;

/** Sizes that a host may agree to reserve: 4 GiB is all that there is, phones give less. */
const MAXIMUM_PAGES = [65536, 32768, 16384, 8192, 4096];

/** Growing has a fixed cost, above all where other threads have to hear of it. */
const GROWTH_BYTES = 16 * 1024 * 1024;

/** A device that computes in workers, never on the caller's thread. @throws DeviceUnavailableError */
export async function openCpuDevice(options: CpuOptions = {}): Promise<Device> {
  const shared = (options.shared ?? true) && canShareMemory();
  const threads = shared ? Math.max(1, Math.floor(options.threads ?? defaultThreads())) : 1;
  const kernels = await compileKernels(options.relaxedSimd ?? true, shared);
  const pages = Math.ceil((firstTensorAddress(threads) + GROWTH_BYTES) / PAGE_BYTES);
  const { memory, maximumPages } = shared
    ? sharedMemory(pages)
    : { memory: undefined, maximumPages: MAXIMUM_PAGES[0] ?? pages };

  // Workers may speak before there is a device to speak to.
  const listener: { device?: CpuDevice; loss?: string } = {};
  const starting: Promise<WorkerHandle>[] = [];
  for (let thread = 0; thread < threads; thread++) {
    starting.push(
      startWorker(
        {
          kind: "start",
          module: kernels.module,
          memory,
          pages,
          maximumPages,
          thread,
          threads,
          lock: hasThreads() ? undefined : lockName(),
        },
        (message) => listener.device?.receive(message),
        (reason) => {
          listener.loss ??= reason;
          listener.device?.lose(reason);
        },
        options.workerUrl,
      ),
    );
  }
  const device = new CpuDevice({
    description: describeDevice(kernels, threads, shared),
    traits: cpuTraits,
    division: { threads, parallelBytes: options.parallelBytes ?? PARALLEL_BYTES },
    form: { isRelaxed: kernels.relaxedSimd, isShared: shared },
    workers: await allStarted(starting, options.workerUrl),
    reserve: reserver(memory, pages, maximumPages),
    endSleep: () => memory && endSleep(memory),
  });
  listener.device = device;
  // One that was ready may have ended while others were starting.
  if (listener.loss !== undefined) device.lose(listener.loss);
  return device;
}

function describeDevice(
  { relaxedSimd }: CompiledKernels,
  threads: number,
  shared: boolean,
): string {
  const simd = relaxedSimd ? "relaxed SIMD" : "SIMD";
  const workers = threads === 1 ? "1 thread" : `${threads} threads`;
  return `WebAssembly ${simd}, ${workers}${shared ? "" : ", memory not shared"}`;
}

/** A served script that is no worker of gradgpu loads, and says nothing. */
const ANSWER_MS = 20_000;

function startWorker(
  start: Start,
  message: (message: FromWorker) => void,
  failed: (reason: string) => void,
  served: WorkerUrl | undefined,
): Promise<WorkerHandle> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(limit);
      handle.terminate();
      reject(new Error(reason));
    };
    const handle = spawn(
      workerSource,
      {
        message: (said) => {
          if (said.kind === "fault") fail(said.message);
          else if (said.kind === "ready" && said.stamp !== workerStamp)
            fail("a worker of another version of gradgpu");
          else if (said.kind === "ready") {
            clearTimeout(limit);
            handle.letGo();
            resolve(said.isLocked ? watched(handle, start.lock, failed) : handle);
          }
          message(said);
        },
        failed: (reason) => {
          fail(reason);
          failed(reason);
        },
      },
      served,
    );
    const limit =
      served && setTimeout(() => fail(`no answer within ${ANSWER_MS / 1000} s`), ANSWER_MS);
    // Opening is something that the process waits for.
    handle.hold();
    handle.post(start, []);
  });
}

/** A worker whose end is told even where no event tells of it. */
function watched(
  handle: WorkerHandle,
  lock: string | undefined,
  failed: (reason: string) => void,
): WorkerHandle {
  if (lock === undefined) return handle;
  const endWatch = watchLock(lock, () => failed("a worker was ended by somebody else"));
  const terminate = () => {
    endWatch();
    handle.terminate();
  };
  return { ...handle, terminate };
}

/** All workers, or none: where one cannot start, the others are ended. */
async function allStarted(
  starting: readonly Promise<WorkerHandle>[],
  served: WorkerUrl | undefined,
): Promise<WorkerHandle[]> {
  const outcomes = await Promise.allSettled(starting);
  const workers = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? [outcome.value] : [],
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined) return workers;
  for (const worker of workers) worker.terminate();
  if (failed.reason instanceof DeviceUnavailableError) throw failed.reason;
  const { message } = failed.reason as Error;
  throw new DeviceUnavailableError(
    `init: the cpu device's workers must be able to start; got ${message}${served === undefined ? "" : `, from ${served}`}. ${
      served === undefined
        ? "On a page, allow blob: in the worker-src of its Content-Security-Policy, or serve gradgpu/cpu-worker.js and give its address as workerUrl."
        : "It must be gradgpu/cpu-worker.js of this version, served from the page's own origin as JavaScript, and on a cross-origin isolated page with the same Cross-Origin-Embedder-Policy."
    }`,
  );
}

function sharedMemory(initial: number): { memory: WebAssembly.Memory; maximumPages: number } {
  for (const maximum of MAXIMUM_PAGES) {
    try {
      const memory = new WebAssembly.Memory({ initial, maximum, shared: true });
      return { memory, maximumPages: maximum };
    } catch (error) {
      // The smallest was refused as well: nothing is left to try.
      if (maximum === MAXIMUM_PAGES.at(-1)) throw error;
    }
  }
  return {
    memory: new WebAssembly.Memory({ initial, maximum: initial, shared: true }),
    maximumPages: initial,
  };
}

/** Grows the memory by an eighth of it at a time; see `Allocator`. */
function reserver(
  memory: WebAssembly.Memory | undefined,
  initialPages: number,
  maximumPages: number,
) {
  let pages = initialPages;
  return (bytes: number, tellOwner: (pages: number) => void): boolean => {
    const needed = Math.ceil(bytes / PAGE_BYTES) - pages;
    if (needed <= 0) return true;
    if (pages + needed > maximumPages) return false;
    const wanted = Math.max(needed, GROWTH_BYTES / PAGE_BYTES, Math.ceil(pages / 8));
    const added = Math.min(wanted, maximumPages - pages);
    if (memory === undefined) tellOwner(added);
    else if (!tryGrow(memory, added)) return false;
    pages += added;
    return true;
  };
}

function tryGrow(memory: WebAssembly.Memory, pages: number): boolean {
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}
