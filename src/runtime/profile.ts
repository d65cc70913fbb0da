import { anything, callable, check, checkOptions } from "../arguments.ts";
import { type PlanRow, planRows } from "../scheduler/rows.ts";
import { currentRuntime } from "./current.ts";
import type { Runtime } from "./runtime.ts";

/** A kernel of a run, and when it ran. */
export interface KernelTime extends PlanRow {
  /** Milliseconds from the run's first kernel, on a line where each begins when the one before has ended. */
  readonly startMs: number;
  /** Of all its runs together. */
  readonly elapsedMs: number;
}

/** A plan that was run: a compiled step, or what somebody read. */
export interface ProfiledRun {
  /** Milliseconds of all kernels. */
  readonly elapsedMs: number;
  /** In the order in which they run. */
  readonly kernels: readonly KernelTime[];
}

/** What ran while a function went on, and how long it took. */
export interface Profile<R> {
  /** What the function came to. */
  readonly result: R;
  /** In the order in which they ran. */
  readonly runs: readonly ProfiledRun[];
  /**
   * What the time was told by: the GPU's own timestamps, the clock of the cpu device's first worker, or the host's, which
   * counts the way to a GPU and back with every kernel.
   */
  readonly clock: "gpu" | "worker" | "host";
}

/** Which device `profile` looks at. */
export interface ProfileOptions {
  /** Where to look: the runtime asked for last where nothing is said. */
  readonly runtime?: Runtime;
}

/**
 * The time of every kernel that the device runs while `fn` goes on: of compiled steps, of a Trainer's, of whatever is read.
 * Runs are real ones, with the same results to the bit, made call by call, which costs some time between the calls; before
 * and after that nothing is any slower. What others run on the device meanwhile is in the list as well.
 *
 *     const { runs, clock } = await profile(() => training.next());
 *     for (const { label, startMs, elapsedMs } of runs.at(-1)?.kernels ?? []) draw(label, startMs, elapsedMs);
 *
 * Clocks of pages are coarse: 5 µs where they are cross-origin isolated, 100 µs elsewhere.
 * @throws what `fn` throws; GradgpuError before `init()`; ArgumentError while another profile is being made
 */
export async function profile<R>(
  fn: () => R | Promise<R>,
  options: ProfileOptions = {},
): Promise<Profile<R>> {
  check("profile", "what is looked at", fn, callable, "Write profile(() => step(x)).");
  checkOptions("profile", options, { runtime: anything });
  const runtime = options.runtime ?? currentRuntime("profile");
  const runs: Promise<ProfiledRun>[] = [];
  const release = await runtime.watch((program, times) => {
    const run = times.then((elapsed) => runOf(planRows(program.plan), elapsed));
    // Told at the end, if fn has not been told before.
    run.catch(() => undefined);
    runs.push(run);
  });
  let result: R;
  try {
    result = await fn();
  } finally {
    await release();
  }
  return { result, runs: await Promise.all(runs), clock: runtime.device.clock };
}

function runOf(rows: readonly PlanRow[], elapsed: Float64Array): ProfiledRun {
  let startMs = 0;
  const kernels = rows.map((row, i): KernelTime => {
    const elapsedMs = elapsed[i] ?? 0;
    const kernel = { ...row, startMs, elapsedMs };
    startMs += elapsedMs;
    return kernel;
  });
  return { elapsedMs: startMs, kernels };
}
