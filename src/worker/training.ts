/** What a training in a worker is, by its types. */
import type { Fit, FitOptions, StepReport, TrainerState, TrainingData } from "../train/index.ts";

/** Functions that the page may call while training goes on. Arguments and results are copied, or see `transfer`. */
export type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;

/** A Trainer, by what is asked of it. */
export interface AnyTrainer {
  /** As of a Trainer. */
  fit(data: TrainingData, options?: FitOptions): Fit;
  /** As of a Trainer. */
  state(): Promise<TrainerState>;
  /** As of a Trainer. */
  loadState(state: TrainerState): void;
  /** As of a Trainer. */
  dispose(): void;
}

/** One training: what is trained on what, and what the page sees of it. */
export interface TrainingSetup<P, C extends Calls> {
  /** Of whatever model. */
  readonly trainer: AnyTrainer;
  /** What it is trained on, as for `trainer.fit`. */
  readonly data: TrainingData;
  /** As for `trainer.fit`, which is aborted by the page. */
  readonly fit?: Omit<FitOptions, "signal">;
  /** What the page is told of a step, plain data: the report where nothing is said. It is awaited, as all of a fit's calls are. */
  readonly progress?: (report: StepReport) => P | Promise<P>;
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
