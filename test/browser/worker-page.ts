/** A page that trains in workers, for test/training/in-worker.test.ts: answers are plain data. */
import { type Remote, trainInWorker, type WorkerOptions } from "gradgpu/worker";
import type { training } from "./worker-training.ts";

type Options = Parameters<(typeof training)["setUp"]>[0];

const start = (options: Options, more: Partial<WorkerOptions<Options, { step: number }>> = {}) =>
  trainInWorker<typeof training>(new URL("./worker-training.ts", import.meta.url), {
    ...more,
    options,
  });

async function closing<T>(remote: Remote<typeof training>, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    remote.close();
  }
}

/** Steps as they were told to a loop and to the callback, and the history. */
export async function follow() {
  const heard: number[] = [];
  const remote = await start({ epochs: 12 }, { onProgress: ({ step }) => heard.push(step) });
  return closing(remote, async () => {
    const losses: number[] = [];
    const steps: number[] = [];
    for await (const { step, loss } of remote.progress()) {
      steps.push(step);
      losses.push(loss);
    }
    const history = await remote.done;
    const sample = await remote.calls.sample("x", 3);
    return { steps, heard, losses, told: history.steps, sample };
  });
}

/** Pauses at some step, looks whether anything happens, and goes on. */
export async function pause() {
  const heard: number[] = [];
  const remote = await start(
    { epochs: 400 },
    { paused: true, onProgress: ({ step }) => heard.push(step) },
  );
  return closing(remote, async () => {
    await remote.pause();
    const beforeStart = heard.length;
    remote.resume();
    while (heard.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await remote.pause();
    const paused = heard.length;
    const sample = await remote.calls.sample("y", 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stillPaused = heard.length;
    remote.resume();
    const { steps } = await remote.done;
    return { beforeStart, paused, stillPaused, steps, sample };
  });
}

/** A training that is ended by a signal, and goes on from its state in another worker. */
export async function goOn() {
  const abort = new AbortController();
  const first = await start({ epochs: 1000 }, { signal: abort.signal });
  const state = await closing(first, async () => {
    for await (const { step } of first.progress()) if (step >= 5) break;
    abort.abort();
    const error = await first.done.catch((reason: unknown) => reason);
    if (!(error instanceof DOMException) || error.name !== "AbortError") throw error;
    return first.state();
  });
  const second = await start({ epochs: 1 }, { state });
  return closing(second, async () => {
    const steps: number[] = [];
    for await (const { step } of second.progress()) steps.push(step);
    return { trained: state.step, next: steps[0] };
  });
}

/** What fails there, as it arrives here. */
export async function failures() {
  const caught = async (failing: Promise<unknown>) => {
    const error = await failing.then(
      () => new Error("nothing failed"),
      (reason: unknown) => reason as Error & { step?: number },
    );
    return {
      name: error.name,
      classes: [...classesOf(error)],
      message: error.message,
      step: (error as { step?: number }).step,
      isTracked: error.stack?.includes("worker-training") === true,
    };
  };
  const { GradgpuError } = await import("gradgpu");
  const setUp = await caught(start({ epochs: -1 }));
  const remote = await start({ epochs: 5, learningRate: 1e38 });
  const nonFinite = await caught(remote.done);
  const call = await caught(remote.calls.fail("ShapeError"));
  const standard = await caught(remote.calls.fail("RangeError"));
  remote.close();
  const closed = await caught(remote.calls.sample("x", 1));
  const nothing = await caught(trainInWorker(new URL("./missing-training.ts", import.meta.url)));
  return { setUp, nonFinite, call, standard, closed, nothing, known: GradgpuError.name };
}

function* classesOf(error: object): Generator<string> {
  for (let of = Object.getPrototypeOf(error); of !== null; of = Object.getPrototypeOf(of))
    yield of.constructor.name;
}
