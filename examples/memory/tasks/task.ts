import { foldIn, type Key, type nn, type Tensor } from "gradgpu";
import type { TrainingBatch } from "gradgpu/train";

/** A task with something relevant far back: what was seen `lag` steps before the last step decides the target. */
export interface Task<Name extends string = string> {
  readonly name: Name;
  readonly title: string;
  /** What the recurrent layer reads in a step, and the layers that lead there: ids are embedded first. */
  readonly features: number;
  embed(seed: number): readonly nn.Module[];
  /** What the last step's hidden state is turned into. */
  readonly outputs: number;
  /** Whether outputs and targets are those of every step, [T, B, …], not of the last one. */
  readonly isAskedThroughout?: boolean;
  loss(output: Tensor, targets: Tensor): Tensor;
  /** Share of the targets that are met, []. */
  accuracy(output: Tensor, targets: Tensor): Tensor;
  /** Accuracy of the best answer that knows nothing of the item that lies back. */
  readonly chance: number;
  /** `count` sequences of `length` steps, time first. All that is random in them follows from `key`. */
  make(key: Key, options: SequenceOptions): TrainingBatch;
}

export interface SequenceOptions {
  /** Steps from the relevant item to the last step, where the loss is. */
  readonly lag: number;
  /** Steps before the relevant item; 0. */
  readonly before?: number;
  readonly count: number;
}

/** Batch `index` of one of the streams of a run, which have no number in common: training, testing, measuring. */
export function keyFor(key: Key, stream: "training" | "test" | "flow", index: number): Key {
  return foldIn(foldIn(key, ["training", "test", "flow"].indexOf(stream)), index);
}
