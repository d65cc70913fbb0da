/** What a training in a worker is, by its types. */
import type { Tensor } from "../functions.ts";
import type { Tensors } from "../nn/index.ts";
import type { FitOptions, StepReport, Trainer, TrainingData } from "../train/index.ts";

/** Functions that the page may call while training goes on. Arguments and results are copied, or see `transfer`. */
export type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;

/** One training: what is trained on what, and what the page sees of it. */
export interface TrainingSetup<
  P,
  C extends Calls,
  X extends Tensors = Tensor,
  T extends Tensors | string = Tensor,
  M extends string = never,
> {
  /** Of whatever model. */
  readonly trainer: Trainer<X, Tensors, T, M>;
  /** What it is trained on, as for `trainer.fit`. */
  readonly data: TrainingData<X, T>;
  /** As for `trainer.fit`, which is aborted by the page. */
  readonly fit?: Omit<FitOptions<X, T, M>, "signal">;
  /** What the page is told of a step, plain data: the report where nothing is said. It is awaited, as all of a fit's calls are. */
  readonly progress?: (report: StepReport<M>) => P | Promise<P>;
  /** Samples, pictures, whatever the page may ask for. They run beside the training. */
  readonly calls?: C;
}

declare const types: unique symbol;

/** A training by its types: options, progress, calls. */
export interface Training<O, P, C extends Calls> {
  /** Sets it up, here: what `trainInWorker` has done in the worker. */
  setUp(options: O): Promise<TrainingSetup<P, C>>;
  readonly [types]?: { readonly options: O; readonly progress: P; readonly calls: C };
}
