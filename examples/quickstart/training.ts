/** What both networks' training loops share. */
import { add, cos, div, minimum, mul, type optim, type StepReport } from "gradgpu";
import type { CheckpointOptions, History } from "gradgpu/train";
import { Progress, type Terminal } from "../shared/progress.ts";
import type { Point } from "./report/charts.ts";

/** What a run was asked to keep to. */
export interface Run {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** The folder of checkpoints; `npm start -- --resume` goes on from there. */
  readonly checkpoints: string;
}

/** Where one of the networks goes on from, and what it writes while it is trained. */
export function checkpointsOf({ checkpoints }: Run, network: string): CheckpointOptions {
  return { to: `${checkpoints}/${network}`, everySeconds: 10 };
}

/** Thrown where the user stopped the run; the message says what was reached. */
export class Interrupted extends Error {}

export interface LoopOptions {
  readonly run: Run;
  readonly label: string;
  readonly totalSteps: number;
  /** Steps that were taken before, by an earlier run. */
  readonly stepsBefore: number;
  /** What the fit comes to, with the epochs of earlier runs; asked for at its end. */
  readonly history: () => PromiseLike<Pick<History, "epochs">>;
  readonly limitMs: number;
  /** From the loss in nats to what is shown and recorded. */
  readonly shown: (loss: number) => number;
  readonly note: (report: StepReport) => string;
  /** Called after every step; its time does not count as training. */
  readonly between?: (step: number) => Promise<void>;
}

export interface Trained {
  readonly steps: number;
  readonly seconds: number;
  readonly msPerStep: number;
  readonly losses: readonly Point[];
}

/**
 * Goes through the reports of a fit, with progress and the time limit. What an earlier run recorded is there by its
 * epochs.
 * @throws Interrupted where the run's signal was aborted
 */
export async function follow(
  reports: AsyncIterable<StepReport>,
  options: LoopOptions,
): Promise<Trained> {
  const { run, label, totalSteps, stepsBefore, shown } = options;
  const progress = new Progress({ label, total: totalSteps, terminal: run.terminal });
  const losses: Point[] = [];
  const startMs = performance.now();
  let pausedMs = 0;
  let note: string | undefined;
  try {
    for await (const report of reports) {
      const value = shown(report.loss);
      losses.push({ step: report.step, value });
      progress.update(report.step, value, options.note(report));
      const pauseMs = performance.now();
      await options.between?.(report.step);
      pausedMs += performance.now() - pauseMs;
      run.signal.throwIfAborted();
      if (performance.now() - startMs - pausedMs > options.limitMs) {
        note = `${label}: time is up after step ${report.step} of ${totalSteps}.`;
        break;
      }
    }
  } catch (error) {
    if (!run.signal.aborted) throw error;
    progress.finish();
    throw new Interrupted(reached(label, losses, totalSteps));
  }
  progress.finish(note);
  const seconds = (performance.now() - startMs - pausedMs) / 1000;
  const { epochs } = await options.history();
  const earlier = epochs.filter(({ step }) => step <= stepsBefore);
  return {
    steps: stepsBefore + losses.length,
    seconds,
    msPerStep: (1000 * seconds) / Math.max(1, losses.length),
    losses: [...earlier.map(({ step, loss }) => ({ step, value: shown(loss) })), ...losses],
  };
}

/**
 * The learning rate of a step: a short climb to the highest, which Adam needs until its moments mean something, and half
 * a cosine down. Loshchilov & Hutter 2017, without restarts.
 */
export function schedule(highest: number, totalSteps: number): optim.Schedule {
  return (step) => {
    const done = minimum(div(step, totalSteps), 1);
    const climb = minimum(div(done, 0.03), 1);
    const share = mul(climb, add(0.5, mul(0.5, cos(mul(Math.PI, done)))));
    return mul(highest, add(mul(0.98, share), 0.02));
  };
}

function reached(label: string, losses: readonly Point[], totalSteps: number): string {
  const last = losses.at(-1);
  if (last === undefined) return `${label}: stopped before the first step.`;
  return `${label}: stopped after step ${last.step} of ${totalSteps}, loss ${last.value.toFixed(4)}. Go on with npm start -- --resume.`;
}
