import { NonFiniteError } from "../errors.ts";
import { tensor, variable } from "../functions.ts";
import { accuracy, crossEntropy } from "../losses/index.ts";
import type { Module } from "../nn/index.ts";
import { checkStateDict } from "../nn/state-dict.ts";
import {
  batchesInPass,
  checkBatch,
  type PassOptions,
  passOver,
  type TrainingBatch,
  type TrainingData,
} from "./batch-source.ts";
import type { StepResult } from "./compiled.ts";
import { FlowNotes } from "./flow.ts";
import type { FitOptions, Scores, StepReport, TrainerOptions } from "./options.ts";
import { Means, targetsIn } from "./score.ts";
import { EvaluationSteps, TrainingSteps } from "./steps.ts";
import { readOptimizer, type TrainerState } from "./trainer-state.ts";
import { type Truncation, truncationOf } from "./window.ts";

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
  readonly #truncation: Truncation | undefined;
  readonly #training: TrainingSteps;
  readonly #evaluation: EvaluationSteps;
  #step = 0;
  /** Whether the last fit came to its end, so that no step was under way that nobody heard of. */
  #isSettled = true;

  constructor(model: Module, options: TrainerOptions) {
    const { window } = options;
    const truncation = window === undefined ? undefined : truncationOf(window);
    const metrics = options.metrics ?? (options.loss === crossEntropy ? { accuracy } : {});
    this.model = model;
    this.#options = { ...options, metrics };
    this.#truncation = truncation;
    const stepOptions = {
      ...options,
      metrics,
      isGuarded: options.whenNotFinite !== "off",
      flow: options.gradientFlow === true ? new FlowNotes() : undefined,
      ...((options.whenNotFinite ?? "throw") === "throw"
        ? { running: variable(1, [], "running") }
        : {}),
    };
    this.#training = new TrainingSteps(model, stepOptions, truncation);
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
    this.#training.resume(this.#isSettled);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      this.#isSettled = false;
      const stepsPerEpoch = batchesInPass(data, this.#pass(options, epoch, false));
      let last: StepReport | undefined;
      for await (const report of this.#epoch(data, options, epoch, stepsPerEpoch)) {
        onStep?.(report);
        if (last !== undefined) yield last;
        last = report;
      }
      this.#isSettled = true;
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
      pending.push({ epoch, ...(await this.#run(batch)) });
      if (pending.length >= STEPS_IN_FLIGHT)
        yield* this.#report(pending.splice(0, 1), stepsPerEpoch);
    }
    yield* this.#report(pending, stepsPerEpoch);
  }

  async #run(batch: TrainingBatch): Promise<Omit<Pending, "epoch">> {
    checkBatch(batch);
    const step = ++this.#step;
    try {
      return { step, result: await this.#training.run(batch, step - 1) };
    } catch (error) {
      // A batch that was refused is no step.
      this.#step = step - 1;
      throw error;
    }
  }

  async *#report(
    pending: readonly Pending[],
    stepsPerEpoch: number | undefined,
  ): AsyncGenerator<StepReport, void, void> {
    for (const { step, epoch, result } of pending) {
      const { loss, norm, metrics, flow, ...numbers } = await result.read();
      if (!numbers.isFinite && (this.#options.whenNotFinite ?? "throw") === "throw") {
        // The steps under way behind it have changed nothing.
        this.#step = step - 1;
        throw new NonFiniteError(
          `fit: loss and gradient must be finite; got loss ${loss}, gradient norm ${norm} in step ${step}. The parameters, and the state of sequences, are as they were before that step. Lower the learning rate, clip the gradient, or look at the data.`,
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
        flow,
        validation: undefined,
      };
    }
  }

  /**
   * Everything that training goes on from, as plain arrays: the number of the step, where its random numbers come from, parameters, the optimizer's state
   * and what sequences carry, after all steps that have been started. Reports may be a few steps behind `step`.
   */
  async state(): Promise<TrainerState> {
    const step = this.#step;
    const { randomStream } = this.#training;
    // Read in one go, so that no step that is started meanwhile comes between.
    const [parameters, optimizer, sequences] = await Promise.all([
      this.model.stateDict(),
      readOptimizer(this.#options.optimizer),
      this.#training.save(),
    ]);
    return { step, randomStream, parameters, optimizer, sequences };
  }

  /**
   * Goes on from what `state()` gave: with the data behind step `saved.step`, and a runtime of the same seed, the bits
   * are those of training that was never stopped. Nothing changes where anything does not fit. Not while fit is running.
   * @throws ArgumentError for names, windows or numbers of tensors that are not the model's, ShapeError for shapes
   */
  loadState(saved: TrainerState): void {
    this.#training.check(saved.sequences);
    checkStateDict(this.model, saved.parameters);
    this.#options.optimizer.loadState(saved.optimizer);
    this.model.loadStateDict(saved.parameters);
    this.#training.load(saved.sequences);
    this.#training.randomStream = saved.randomStream;
    this.#step = saved.step;
  }

  #pass(options: FitOptions, epoch: number, isComplete: boolean): PassOptions {
    const { batchSize, seed = 0, shuffle = true } = options;
    return {
      batchSize,
      window: this.#truncation?.every,
      seed: shuffle ? seed : undefined,
      epoch,
      isComplete,
    };
  }

  /**
   * Loss and metrics over all of `data`, the model in evaluation mode. They are means over every target that counts, not
   * over batches: each batch's mean weighs as many targets as it has, where a label below 0 is none (i32, as for
   * `losses.crossEntropy`), and everything else is. A loss or metric that is a mean over something else says so by
   * returning `{ sum, count }`. NaN where nothing counts.
   * @throws the signal's reason when it is aborted, after the batch that is running
   */
  async evaluate(
    data: TrainingData,
    { batchSize, signal }: Pick<FitOptions, "batchSize" | "signal">,
  ): Promise<Scores> {
    const pass: PassOptions = {
      batchSize,
      window: this.#truncation?.back,
      epoch: 1,
      isComplete: true,
    };
    const means = new Means();
    const pending: { targets: number; result: StepResult }[] = [];
    const settle = async ({ targets, result }: { targets: number; result: StepResult }) => {
      const { loss, metrics, counts } = await result.read();
      for (const [name, mean] of Object.entries({ loss, ...metrics })) {
        means.add(name, mean, counts[name] ?? targets);
      }
    };
    for await (const batch of passOver(data, pass)) {
      signal?.throwIfAborted();
      checkBatch(batch);
      pending.push({ targets: targetsIn(batch.y), result: await this.#evaluation.run(batch) });
      const first = pending.length >= STEPS_IN_FLIGHT ? pending.shift() : undefined;
      if (first !== undefined) await settle(first);
    }
    for (const rest of pending) await settle(rest);
    return { loss: Number.NaN, ...means.all() };
  }

  /** The model's output for a batch of inputs, in evaluation mode; its elements and their shape. */
  async predict(
    x: TrainingBatch["x"],
  ): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }> {
    const output = await this.#evaluation.forward(tensor(x.data, x.shape, x.dtype));
    return { data: Float32Array.from(await output.data()), shape: output.shape };
  }
}
