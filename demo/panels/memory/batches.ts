import { type Key, keyOf } from "gradgpu";
import type { TrainingBatch } from "gradgpu/train";
import { keyFor, type Task } from "../../../examples/memory/tasks/task.ts";
import { windowsOf } from "../../../examples/memory/training.ts";
import { BATCH_SIZE } from "./batch-size.ts";

/** Batches in an epoch: what a training that goes on makes again to find its place. */
const EPOCH = 50;
/** The columns take turns, and read a few steps ahead. */
const KEPT = 8;

/** The sequences that all columns learn from, each seen once: a function of the seed and their number. */
export class Batches {
  readonly task: Task;
  readonly lag: number;
  readonly #key: Key;
  readonly #made = new Map<number, TrainingBatch>();

  constructor(task: Task, lag: number, seed: number) {
    this.task = task;
    this.lag = lag;
    this.#key = keyOf(seed);
  }

  at(index: number): TrainingBatch {
    const known = this.#made.get(index);
    if (known !== undefined) return known;
    const { task, lag } = this;
    const made = task.make(keyFor(this.#key, "training", index), { lag, count: BATCH_SIZE });
    this.#made.set(index, made);
    const [oldest] = this.#made.keys();
    if (this.#made.size > KEPT && oldest !== undefined) this.#made.delete(oldest);
    return made;
  }

  /** One sequence to look at, which is not trained on. */
  shown(index: number, lag: number): TrainingBatch {
    return this.task.make(keyFor(this.#key, "flow", index), { lag, count: 1 });
  }

  /** Epoch 1, 2, …, in windows where there are some. */
  *pass(epoch: number, window: number | undefined): Generator<TrainingBatch> {
    const first = (epoch - 1) * EPOCH;
    for (let i = first; i < first + EPOCH; i++) {
      const whole = this.at(i);
      if (window === undefined) yield whole;
      else yield* windowsOf(whole, window);
    }
  }
}
