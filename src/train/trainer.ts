import { ArgumentError, NonFiniteError } from "../errors.ts";
import { tensor, variable } from "../functions.ts";
import { accuracy, crossEntropy } from "../losses/index.ts";
import type { Module } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import {
  batchesInPass,
  type PassOptions,
  passOver,
  type TrainingBatch,
  type TrainingData,
} from "./batch-source.ts";
import {
  EvaluationSteps,
  type LossFunction,
  type Metrics,
  type StepResult,
  TrainingSteps,
} from "./steps.ts";

export interface TrainerOptions<M extends Metrics = Metrics> {
  /** What is made small: (model's output, targets) → []. */
  readonly loss: LossFunction;
  readonly optimizer: Optimizer;
  /** Further numbers to report, (model's output, targets) → [] each. With `losses.crossEntropy`: accuracy. */
  readonly metrics?: M;
  /**
   * Truncated back-propagation through time: sequences are cut into windows of so many steps. The recurrent state
   * crosses the border between two windows, the gradient does not. Williams & Peng 1990.
   */
  readonly window?: number;
  /**
   * When loss or gradient is not finite: "throw" (the default) leaves the parameters as they are and ends in a
   * NonFiniteError, "skip" leaves out the update and goes on, "off" does not look.
   */
  readonly whenNotFinite?: "throw" | "skip" | "off";
}

export interface FitOptions {
  readonly epochs?: number;
  readonly batchSize: number;
  /** Shuffles the examples, differently in every epoch and equally on every device; false keeps their order. */
  readonly shuffle?: boolean;
  /** Decides the order of the examples. 0 where nothing is said. */
  readonly seed?: number;
  /** Evaluated after every epoch. */
  readonly validation?: TrainingData;
  /** Stops after the step that is running; the iteration then throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onStep?: (report: StepReport) => void;
  readonly onEpoch?: (report: StepReport) => void;
}

/** Loss and metrics over a pass, weighted by the targets that count. */
export type Scores = { readonly loss: number; readonly accuracy?: number } & {
  readonly [metric: string]: number | undefined;
};

export interface StepReport {
  /** Counted from 1, over all epochs and calls of fit. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps in an epoch, where that is known. */
  readonly stepsPerEpoch: number | undefined;
  readonly loss: number;
  /** The gradient's global norm before clipping. */
  readonly gradientNorm: number;
  /** Share of targets that are predicted, with losses.crossEntropy. */
  readonly accuracy: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  /** With the last step of an epoch, if there is something to validate on. */
  readonly validation: Scores | undefined;
}

/** Steps that may be under way before the first one's loss is waited for. */
const STEPS_IN_FLIGHT = 3;

interface Pending {
  readonly step: number;
  readonly epoch: number;
  readonly result: StepResult;
}

/** Trains a model: whole steps as one plan, losses read late, windows, validation. */
export class Trainer {
  readonly model: Module;
  readonly #options: TrainerOptions;
  readonly #training: TrainingSteps;
  readonly #evaluation: EvaluationSteps;
  #step = 0;

  constructor(model: Module, options: TrainerOptions) {
    const { window } = options;
    if (window !== undefined && !(Number.isInteger(window) && window > 0)) {
      throw new ArgumentError(
        `Trainer: window must be a whole number of 1 or more; got ${window}. Leave it out where sequences are short.`,
      );
    }
    const metrics = options.metrics ?? (options.loss === crossEntropy ? { accuracy } : {});
    this.model = model;
    this.#options = { ...options, metrics };
    this.#training = new TrainingSteps(model, {
      ...options,
      metrics,
      isGuarded: options.whenNotFinite !== "off",
      ...((options.whenNotFinite ?? "throw") === "throw"
        ? { running: variable(1, [], "running") }
        : {}),
    });
    this.#evaluation = new EvaluationSteps(model, { loss: options.loss, metrics });
  }

  /** Steps taken so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * Trains for some epochs and reports every step, in order and a little late: the device is never waited for.
   * Ending the iteration early stops the training.
   * @throws NonFiniteError as `whenNotFinite` says; the signal's reason when it is aborted
   */
  async *fit(data: TrainingData, options: FitOptions): AsyncGenerator<StepReport, void, void> {
    const { epochs = 1, signal, onStep, onEpoch } = options;
    // The iteration before may have been left with a step under way that was not finite.
    this.#training.resume();
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const stepsPerEpoch = batchesInPass(data, this.#pass(options, epoch, false));
      let last: StepReport | undefined;
      for await (const report of this.#epoch(data, options, epoch, stepsPerEpoch)) {
        onStep?.(report);
        if (last !== undefined) yield last;
        last = report;
      }
      signal?.throwIfAborted();
      if (last === undefined) continue;
      const validation = options.validation && (await this.evaluate(options.validation, options));
      const closing = { ...last, validation };
      onEpoch?.(closing);
      yield closing;
    }
  }

  async *#epoch(
    data: TrainingData,
    options: FitOptions,
    epoch: number,
    stepsPerEpoch: number | undefined,
  ): AsyncGenerator<StepReport, void, void> {
    const pending: Pending[] = [];
    for await (const batch of passOver(data, this.#pass(options, epoch, false))) {
      if (options.signal?.aborted) break;
      pending.push({ step: ++this.#step, epoch, result: await this.#training.run(batch) });
      if (pending.length >= STEPS_IN_FLIGHT)
        yield* this.#report(pending.splice(0, 1), stepsPerEpoch);
    }
    yield* this.#report(pending, stepsPerEpoch);
  }

  async *#report(
    pending: readonly Pending[],
    stepsPerEpoch: number | undefined,
  ): AsyncGenerator<StepReport, void, void> {
    for (const { step, epoch, result } of pending) {
      const { loss, norm, metrics, ...numbers } = await result.read();
      if (!numbers.isFinite && (this.#options.whenNotFinite ?? "throw") === "throw") {
        // The steps under way behind it have changed nothing.
        this.#step = step - 1;
        throw new NonFiniteError(
          `fit: loss and gradient must be finite; got loss ${loss}, gradient norm ${norm} in step ${step}. The parameters are as they were before that step. Lower the learning rate, clip the gradient, or look at the data.`,
          step,
        );
      }
      yield {
        step,
        epoch,
        stepsPerEpoch,
        loss,
        gradientNorm: norm,
        accuracy: metrics.accuracy,
        metrics,
        validation: undefined,
      };
    }
  }

  #pass(options: FitOptions, epoch: number, isComplete: boolean): PassOptions {
    const { batchSize, seed = 0, shuffle = true } = options;
    return {
      batchSize,
      window: this.#options.window,
      seed: shuffle ? seed : undefined,
      epoch,
      isComplete,
    };
  }

  /**
   * Loss and metrics over all of `data`, the model in evaluation mode.
   * @throws the signal's reason when it is aborted, after the batch that is running
   */
  async evaluate(
    data: TrainingData,
    { batchSize, signal }: Pick<FitOptions, "batchSize" | "signal">,
  ): Promise<Scores> {
    const pass: PassOptions = {
      batchSize,
      window: this.#options.window,
      epoch: 1,
      isComplete: true,
    };
    const totals: Record<string, number> = {};
    let counted = 0;
    const pending: { count: number; result: StepResult }[] = [];
    const settle = async ({ count, result }: { count: number; result: StepResult }) => {
      const { loss, metrics } = await result.read();
      counted += count;
      for (const [name, value] of Object.entries({ loss, ...metrics })) {
        totals[name] = (totals[name] ?? 0) + value * count;
      }
    };
    for await (const batch of passOver(data, pass)) {
      signal?.throwIfAborted();
      pending.push({ count: countOf(batch), result: await this.#evaluation.run(batch) });
      const first = pending.length >= STEPS_IN_FLIGHT ? pending.shift() : undefined;
      if (first !== undefined) await settle(first);
    }
    for (const rest of pending) await settle(rest);
    const means = Object.entries(totals).map(([name, total]) => [name, total / counted] as const);
    return { loss: Number.NaN, ...Object.fromEntries(means) };
  }

  /** The model's output for a batch of inputs, in evaluation mode; its elements and their shape. */
  async predict(
    x: TrainingBatch["x"],
  ): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }> {
    const output = await this.#evaluation.forward(tensor(x.data, x.shape, x.dtype));
    return { data: Float32Array.from(await output.data()), shape: output.shape };
  }
}

function countOf({ y, count }: TrainingBatch): number {
  return count ?? y.shape[0] ?? 1;
}
