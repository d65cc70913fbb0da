/** What both networks' training loops share. */
import type { optim, StepReport } from "gradgpu";
import { Progress, type Terminal } from "../shared/progress.ts";
import type { Point } from "./report/charts.ts";

/** What a run was asked to keep to. */
export interface Run {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
}

/** Thrown where the user stopped the run; the message says what was reached. */
export class Interrupted extends Error {}

export interface LoopOptions {
  readonly run: Run;
  readonly label: string;
  readonly totalSteps: number;
  readonly optimizer: optim.Optimizer;
  /** The highest learning rate. */
  readonly learningRate: number;
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
 * Goes through `reports`, with progress, the learning rate's schedule and the time limit.
 * @throws Interrupted where the run's signal was aborted
 */
export async function follow(
  reports: AsyncIterable<StepReport>,
  options: LoopOptions,
): Promise<Trained> {
  const { run, label, totalSteps, optimizer, shown } = options;
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
      // Reports come a few steps late, and so do the rates; equally late in every run.
      optimizer.setLearningRate(options.learningRate * schedule(report.step / totalSteps));
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
  const steps = losses.length;
  return { steps, seconds, msPerStep: (1000 * seconds) / Math.max(1, steps), losses };
}

/**
 * The learning rate's share of its highest value after `done` of the training: a short climb, which Adam needs until
 * its moments mean something, and half a cosine down. Loshchilov & Hutter 2017, without restarts.
 */
export function schedule(done: number): number {
  const climb = Math.min(1, done / 0.03);
  return climb * (0.5 + 0.5 * Math.cos(Math.PI * Math.min(1, done))) * 0.98 + 0.02;
}

function reached(label: string, losses: readonly Point[], totalSteps: number): string {
  const last = losses.at(-1);
  if (last === undefined) return `${label}: stopped before the first step.`;
  return `${label}: stopped after step ${last.step} of ${totalSteps}, loss ${last.value.toFixed(4)}.`;
}
