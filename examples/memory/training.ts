import { type Key, keyOf, type nn, optim, Trainer } from "gradgpu";
import { IGNORED_LABEL, type Values } from "gradgpu/data";
import type { TrainingBatch } from "gradgpu/train";
import { keyFor, type SequenceOptions, type Task } from "./tasks/task.ts";

export interface TrainingOptions {
  readonly sequence: SequenceOptions;
  /** Batches of sequences to learn from, at most. */
  readonly budget: number;
  /** Adam's at the start; it falls evenly to a tenth of that over the budget. */
  readonly learningRate: number;
  /** Sequences that the accuracy is measured on. */
  readonly tested: number;
  readonly seed: number;
  /** Steps of a window of truncated back-propagation through time; whole sequences where nothing is said. */
  readonly window?: number;
  readonly onBatch?: (batches: number, loss: number, accuracy: number) => void;
}

export interface Trained {
  /** Of sequences that were not trained on. */
  readonly accuracy: number;
  /** Batches of sequences that were learned from. */
  readonly batches: number;
  readonly seconds: number;
}

/** Training ends early when the mean accuracy of so many batches in a row is at least SOLVED. */
export const STREAK = 20;
export const SOLVED = 0.995;

/** Trains `model` on sequences made as they are needed, each of them seen once, and tests it on others. */
export async function train(
  model: nn.Module,
  task: Task,
  options: TrainingOptions,
): Promise<Trained> {
  const { sequence, budget, learningRate, window } = options;
  const key = keyOf(options.seed);
  const optimizer = optim.adam({ learningRate, clipNorm: 1 });
  const trainer = new Trainer(model, {
    loss: task.loss,
    optimizer,
    metrics: { accuracy: task.accuracy },
    ...(window === undefined ? {} : { window }),
  });
  const whole = sequence.lag + 1 + (sequence.before ?? 0);
  const windows = window === undefined ? 1 : Math.ceil(whole / window);
  const startMs = performance.now();
  const recent: number[] = [];
  let batches = 0;
  const source = () => stream(task, sequence, key, "training", budget, window);
  for await (const report of trainer.fit(source, { batchSize: sequence.count })) {
    if (report.step % windows !== 0) continue;
    batches = report.step / windows;
    recent.push(report.accuracy);
    if (recent.length > STREAK) recent.shift();
    const mean = recent.reduce((sum, value) => sum + value, 0) / recent.length;
    options.onBatch?.(batches, report.loss, mean);
    optimizer.setLearningRate(learningRate * (1 - (0.9 * batches) / budget));
    if (recent.length === STREAK && mean >= SOLVED) break;
  }
  const seconds = (performance.now() - startMs) / 1000;
  const tests = Math.ceil(options.tested / sequence.count);
  const scores = await trainer.evaluate(
    // Looking forward needs no windows: the state is the same.
    () => stream(task, sequence, key, "test", tests, undefined),
    { batchSize: sequence.count },
  );
  return { accuracy: scores.accuracy, batches, seconds };
}

function* stream(
  task: Task,
  sequence: SequenceOptions,
  key: Key,
  name: "training" | "test",
  batches: number,
  window: number | undefined,
): Generator<TrainingBatch> {
  for (let i = 0; i < batches; i++) {
    const whole = task.make(keyFor(key, name, i), sequence);
    if (window === undefined) yield whole;
    else yield* windowsOf(whole, window);
  }
}

/**
 * `whole`, [T, B, …], cut into windows. Targets of every step, [T, B], are cut likewise; those of whole sequences, [B],
 * count in the last window.
 */
export function* windowsOf(whole: TrainingBatch, window: number): Generator<TrainingBatch> {
  const { x, y } = whole;
  const [steps = 0] = x.shape;
  const isAskedThroughout = y.shape.length > 1;
  const ignored = { ...y, data: y.data.slice().fill(IGNORED_LABEL) };
  for (let first = 0; first < steps; first += window) {
    const end = Math.min(steps, first + window);
    const last = end === steps ? y : ignored;
    yield {
      x: stepsOf(x, first, end),
      y: isAskedThroughout ? stepsOf(y, first, end) : last,
      start: first === 0,
    };
  }
}

/** Steps `first` … `end` − 1 of [T, …]. */
function stepsOf(values: Values, first: number, end: number): Values {
  const [, ...rest] = values.shape;
  const size = rest.reduce((product, d) => product * d, 1);
  const data = values.data.slice(first * size, end * size);
  return { ...values, data, shape: [end - first, ...rest] };
}
