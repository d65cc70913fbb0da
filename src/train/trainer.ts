import { callable, checkOptions } from "../arguments.ts";
import { dispose } from "../dispose.ts";
import { ArgumentError, DisposedError } from "../errors.ts";
import {
  type LoadOptions,
  type MemoryByOwner,
  memoryByOwner,
  type Runtime,
  type Shape,
  type Tensor,
} from "../functions.ts";
import { moveVariables, runtimeOf } from "../internals.ts";
import type { Folder, From, Place } from "../io/index.ts";
import { checkCarries } from "../nn/carry.ts";
import type { Each, Module, Tensors } from "../nn/index.ts";
import { checkpointedRun, checkpointsModule } from "./checkpointed-run.ts";
import { BestEpochs } from "./early-stopping.ts";
import { Evaluator } from "./evaluator.ts";
import { Fit } from "./fit.ts";
import { interpreted } from "./interpreted-options.ts";
import {
  type AnyFitOptions,
  checkEvaluateOptions,
  checkFitOptions,
  checkMeasured,
  checkTrainerOptions,
  type EvaluateOptions,
  type FitOptions,
  type ResumeOptions,
  type Scores,
  type StepReport,
  type TrainerOptions,
} from "./options.ts";
import { Patience } from "./patience.ts";
import { type Prediction, predictInputs, predictionOf } from "./predict.ts";
import { historyOf, type Progress } from "./progress.ts";
import { Recovery } from "./recovery.ts";
import { loadStateOf, stateOf, type Training } from "./saved-training.ts";
import { type AnyMetric, type MetricsOf, wholeMetrics } from "./score.ts";
import { apart } from "./split.ts";
import { Standing } from "./standing.ts";
import { TrainingSteps } from "./steps.ts";
import type { TrainerState } from "./trainer-state.ts";
import {
  type Elements,
  type ReadyData,
  readied,
  type TrainingData,
  type Wanted,
} from "./training-data.ts";
import type { RunSetup } from "./training-run.ts";
import type { Truncation } from "./window.ts";

function warn(error: Error): void {
  console.warn(
    `Trainer.resume: a checkpoint is refused, and the one before it is tried. ${error.message}`,
  );
}

/**
 * Trains a model: whole steps as one plan, losses read late, windows, validation. Its plans, and what it carries, are
 * given back by `dispose()` or `using`; model and optimizer stay.
 */
export class Trainer<
  X extends Tensors = Tensor,
  Y extends Tensors = Tensor,
  T extends Tensors | string = Tensor,
  M extends string = MetricsOf<T>,
> {
  /**
   * The model that it trains.
   * @throws where it is called: what any module does, ShapeError, DTypeError, ArgumentError
   */
  readonly model: Module<X, Y>;
  readonly #options: Omit<TrainerOptions, "loss" | "metrics" | "batch">;
  readonly #truncation: Truncation | undefined;
  readonly #wanted: Wanted;
  readonly #standing: Standing;
  readonly #training: TrainingSteps;
  readonly #evaluator: Evaluator;
  /** What a validation comes to, by name. */
  readonly #scores: readonly string[];
  #isFitting = false;
  /** Of the fit under way. */
  #recovery: Recovery | undefined;
  #isDisposed = false;

  /**
   * With `batch`, loss and metrics are functions of model and batch; else of outputs and targets:
   *
   * ```ts
   * new Trainer(model, { loss: losses.crossEntropy, optimizer });
   * new Trainer(coder, { batch: { x: "f32" }, loss: (model, { x }) => losses.meanSquaredError(model(x), x), optimizer });
   * ```
   * @throws ArgumentError for what is no model, for options that are missing, unknown or out of range, for an optimizer
   *   whose groups have parameters that are not the model's, and with `window` for a model whose `forward` drops its state
   */
  constructor(model: Module<X, Y>, options: TrainerOptions<X, Y, T, M>) {
    checkTrainerOptions(model, options);
    const { wanted, truncation, measured, training, isStrict } = interpreted(model, options);
    if (truncation !== undefined) checkCarries("Trainer", model);
    this.model = model;
    this.#options = options;
    this.#truncation = truncation;
    this.#scores = ["loss", ...Object.keys(measured.metrics)];
    this.#wanted = wanted;
    this.#standing = new Standing({ isStrict, metrics: wholeMetrics(measured.metrics) });
    this.#training = new TrainingSteps(model, training, truncation, this.#standing.position);
    this.#evaluator = new Evaluator({
      model,
      measured,
      window: truncation?.back,
      wanted,
      randomStream: () => this.#training.randomStream,
    });
  }

  /** Steps taken so far. */
  get step(): number {
    return this.#standing.position.step;
  }

  /** Epochs begun so far: the next fit goes on with the order of the one after. */
  get epoch(): number {
    return this.#standing.position.epoch;
  }

  /**
   * Trains for some epochs. The result can be awaited, and comes to the history; or its reports can be followed, every
   * step in order and a little late: the device is never waited for. Nothing is trained before either is done.
   *
   * Training goes on as reports are asked for: while nobody calls `next()` it pauses, with the steps that the last report
   * said are `ahead`, and whatever else is asked of the device has it. With `{ ahead: 0 }` each `next()` is one step.
   * A loop that is left ends the training: the steps under way have had their effect when the loop has ended, and the
   * last report said how many there were (`ahead`). The next fit begins the next epoch, or goes on in this one where it
   * says `untilEpoch`.
   * @throws NonFiniteError as `whenNotFinite` says; the signal's reason when it is aborted; what callbacks and the data
   *   throw; ArgumentError for data of which nothing can be trained on, a loss that has a gradient for no parameter, labels
   *   and ids out of range, and a second fit beside one that has not ended; DeviceLostError, DisposedError
   */
  fit(data: TrainingData<X, T>, options: FitOptions<X, T, M> = {}): Fit<M> {
    const history: { of?: Progress } = {};
    // Its metrics have the names M, by the constructor's options.
    const reports = this.#fit(data, options as unknown as AnyFitOptions, history);
    return new Fit(reports, () => historyOf(history.of)) as unknown as Fit<M>;
  }

  async *#fit(
    given: unknown,
    options: AnyFitOptions,
    history: { of?: Progress },
  ): AsyncGenerator<StepReport, void, void> {
    this.#check("fit");
    checkFitOptions(options, this.#scores);
    if (this.#isFitting) {
      throw new ArgumentError(
        `fit: a Trainer must have ended one fit before it begins another; got a second one at step ${this.step}. Await the first, or leave its loop.`,
      );
    }
    this.#isFitting = true;
    const { signal, batchSize, seed = 0, shuffle = true, dropLast = false } = options;
    let patience: Patience | undefined;
    try {
      const runtime = this.#runtime("fit");
      signal?.throwIfAborted();
      const beginning = this.#standing.next(options);
      const { progress, epochs } = beginning;
      const passes = Math.max(1, epochs.last - epochs.first + 1);
      const whole = await readied("fit", given, passes, this.#wanted);
      const { data, validation } = await apart(whole, options.validation, passes, this.#wanted);
      const { back = 0, every } = this.#truncation ?? {};
      const pass = { caller: "fit", batchSize, window: every, dropLast };
      const { earlyStopping } = options;
      progress.best = earlyStopping && new BestEpochs(this.model, earlyStopping, progress.seen);
      history.of = progress;
      this.#standing.begin(beginning);
      this.#recovery = this.#recoveryOn(runtime, data, options, progress);
      patience = this.#patience("fit", signal);
      const waiting = patience;
      const setup: Omit<RunSetup, "checkpoints"> = {
        data,
        options,
        patience,
        wanted: this.#wanted,
        steps: {
          run: (batch, note) => (this.#recovery ?? this.#training).run(batch, note),
          resume: () => this.#training.resume(),
          lose: () => this.#training.lose(),
        },
        survive: (task) => this.#survive(task),
        position: this.#standing.position,
        progress,
        epochs,
        pass: (epoch: number) => ({
          ...pass,
          epoch,
          seed: shuffle ? seed : undefined,
          isWindowFixed: every !== undefined && back > every,
        }),
        validate: () =>
          validation &&
          this.#survive(() =>
            this.#evaluator.score("fit: validation", validation, options, waiting),
          ),
      };
      yield* checkpointedRun({
        options,
        setup,
        state: () => this.state(),
        ended: () => this.#standing.end(options),
      });
    } finally {
      patience?.close();
      await this.#recovery?.close();
      this.#recovery = undefined;
      this.#isFitting = false;
    }
  }

  /** Where devices can be opened again, and nobody has said not to. */
  #recoveryOn(
    runtime: Runtime,
    data: ReadyData,
    { signal, onDeviceLost }: AnyFitOptions,
    { deviceChanges }: Progress,
  ): Recovery | undefined {
    const { recovery } = this.#options;
    const { lineage } = runtime;
    if (recovery === false || !lineage.canRecover || lineage.latest !== runtime) return undefined;
    return new Recovery({
      steps: this.#training,
      position: this.#standing.position,
      lineage,
      signal,
      everySteps: recovery?.everySteps,
      data,
      wanted: this.#wanted,
      variables: () => this.#variables(),
      cells: () => this.#evaluator.cells(),
      restored: () => this.#evaluator.reset(),
      changed: (change) => {
        deviceChanges.push(change);
        return change.error && onDeviceLost?.(change);
      },
    });
  }

  /** While a fit goes on, what fails because the device was lost is done again on the next one. */
  #survive<T>(task: () => T | Promise<T>): Promise<T> {
    return this.#recovery?.survive(task) ?? (async () => task())();
  }

  /** What goes on from step to step. */
  #variables() {
    const { model } = this;
    const optimizer = this.#options.optimizer.state().values();
    return [...model.parameters(), ...model.buffers(), ...optimizer, ...this.#training.variables()];
  }

  /**
   * Everything that training goes on from, as plain data: the numbers of the step and the epoch, the place in the data
   * and what the fit under way has come to, where random numbers come from, parameters and buffers, the optimizer's
   * state and what sequences carry, after all steps that have been started. Reports may be a few steps behind `step`.
   * @throws DeviceLostError where it is gone with its device, DisposedError after dispose()
   */
  async state(): Promise<TrainerState> {
    this.#check("state");
    const parts = this.#parts();
    return this.#survive(() => stateOf(parts));
  }

  #parts(): Training {
    const { optimizer, also } = this.#options;
    return {
      model: this.model,
      optimizer,
      also,
      truncation: this.#truncation,
      steps: this.#training,
      standing: this.#standing,
    };
  }

  /**
   * Writes `state()` as one file of its own format (docs/checkpoints.md), in place of what is there or not at all. `to` is a
   * place of gradgpu/io, or a path in Node. For a training that saves itself now and then: `fit(data, { checkpoint })`.
   * @throws FileError where it cannot be written
   */
  async save(to: Place | string): Promise<void> {
    this.#check("save");
    const { saveState } = await checkpointsModule.load();
    await saveState(to, () => this.state());
  }

  /**
   * A Trainer that goes on from what `save` or the checkpoints of a `fit` have written: `from` is a folder, whose latest
   * checkpoint is taken, or one file, wherever it lies: a place, a URL, a Blob, bytes. A text is a path in Node, and on a
   * page the name of a folder of OPFS. Where there is nothing it is a new one, so that a program says the same whenever
   * it is started:
   *
   * ```ts
   * const trainer = await Trainer.resume("checkpoints", model, { loss, optimizer });
   * await trainer.fit(data, { untilEpoch: 10, batchSize: 32, checkpoint: { to: "checkpoints" } });
   * ```
   * A checkpoint that is truncated, damaged or not one is told to `onRefused`, which warns on the console where nothing
   * is said, and the one before it is taken.
   * @throws FormatError, FileError where there are files, and none that can be read; as the constructor and `loadState`
   *   for a state that is not this model's, of which nothing is loaded
   */
  static async resume<
    X extends Tensors = Tensor,
    Y extends Tensors = Tensor,
    T extends Tensors | string = Tensor,
    M extends string = MetricsOf<T>,
  >(
    from: From | Folder,
    model: Module<X, Y>,
    options: TrainerOptions<X, Y, T, M>,
    resuming: ResumeOptions = {},
  ): Promise<Trainer<X, Y, T, M>> {
    checkOptions<ResumeOptions>("resume", resuming, { onRefused: callable });
    const trainer = new Trainer(model, options);
    const { savedState } = await checkpointsModule.load();
    const { onRefused = warn } = resuming;
    const saved = await savedState(from, onRefused);
    // A training whose numbers are not finite could be saved, so it can be gone on with.
    if (saved !== undefined) trainer.loadState(saved, { allowNonFinite: true });
    return trainer;
  }

  /**
   * Goes on from what `state()` gave: the next fit finishes the epoch that was under way, and then the others. With the
   * same data and a runtime of the same seed the bits are those of training that was never stopped. Nothing changes
   * where anything does not fit. Numbers that are not finite are loaded only with `{ allowNonFinite: true }`.
   * @throws ArgumentError for what is no state, for names, windows or numbers of tensors that are not the model's, and
   *   while a fit has not ended; ShapeError for shapes
   */
  loadState(saved: TrainerState, options?: LoadOptions): void {
    this.#check("loadState");
    this.#checkIdle("loadState", "loaded");
    loadStateOf(this.#parts(), saved, options);
  }

  /**
   * Loss and metrics over all of `data`, the model in evaluation mode. They are means over every target that counts, not
   * over batches: each batch's mean weighs as many targets as it has, where a label below 0 is none (i32, as for
   * `losses.crossEntropy`), and everything else is. A loss or metric that is a mean over something else says so by
   * returning `{ sum, count }`. NaN where nothing counts.
   * @throws the signal's reason when it is aborted, after the batch that is running; ArgumentError as `fit` does
   */
  async evaluate(data: TrainingData<X, T>, options: EvaluateOptions = {}): Promise<Scores<M>> {
    this.#check("evaluate");
    checkEvaluateOptions("evaluate", options);
    const scores = await this.#asking("evaluate", data, options, (ready, patience) =>
      this.#survive(() => this.#evaluator.score("evaluate", ready, options, patience)),
    );
    // Its metrics have the names M, by the constructor's options.
    return scores as Scores<M>;
  }

  /**
   * What `metrics` come to over all of `data`, the model in evaluation mode: numbers, or whatever they are, as a matrix.
   *
   * ```ts
   * const { confusion } = await trainer.measure(test, { confusion: metrics.confusionMatrix() }, { batchSize: 100 });
   * ```
   * @throws the signal's reason when it is aborted; ArgumentError as `fit` does, and for what are no metrics
   */
  async measure<R>(
    data: TrainingData<X, T>,
    metrics: { readonly [Name in keyof R]: AnyMetric<R[Name]> },
    options: EvaluateOptions = {},
  ): Promise<R> {
    this.#check("measure");
    checkMeasured(metrics);
    checkEvaluateOptions("measure", options);
    const survive = <T>(task: () => Promise<T>) => this.#survive(task);
    const values = await this.#asking("measure", data, options, (ready, patience) =>
      this.#evaluator.measure(ready, metrics, options, patience, survive),
    );
    // Each is what its metric makes of it.
    return values as R;
  }

  /** What `ask` makes of the data, with patience for as long as the signal and the device last. */
  async #asking<S>(
    caller: string,
    data: unknown,
    { signal }: EvaluateOptions,
    ask: (ready: ReadyData, patience: Patience) => Promise<S>,
  ): Promise<S> {
    const patience = this.#patience(caller, signal);
    try {
      signal?.throwIfAborted();
      return await ask(await readied(caller, data, 1, this.#wanted), patience);
    } finally {
      patience.close();
    }
  }

  /**
   * The model's output for a batch of inputs, in evaluation mode; its elements and their shape, by name where there are
   * several. Inputs are a tensor, lists of numbers, `{ data, shape, dtype }`, or a typed array with its `shape`; by name
   * where the model takes several.
   * @throws ArgumentError, ShapeError, DTypeError for inputs that are none of the model's
   */
  async predict(x: Each<X, Elements>, shape?: Shape): Promise<Each<Y, Prediction>> {
    this.#check("predict");
    const input = await predictInputs(this.model, x, shape);
    return this.#survive(async () => predictionOf<Y>(await this.#evaluator.forward(input)));
  }

  /**
   * Moves model, optimizer and what is carried to another runtime, for instance from the cpu to a GPU that has become free;
   * what is trained from then on is trained there, in other bits where the devices differ.
   * @throws ArgumentError while a fit has not ended, GradgpuError where that runtime is closed or lost
   */
  async moveTo(runtime: Runtime): Promise<void> {
    this.#check("moveTo");
    this.#checkIdle("moveTo", "moved");
    await moveVariables([...this.#variables(), ...this.#evaluator.variables()], runtime);
  }

  /**
   * What the memory of the device is held by, now: `memoryByOwner` with everything that is the Trainer's own.
   * @throws ArgumentError where no device is open, DisposedError after dispose()
   */
  memory(): MemoryByOwner<"parameters" | "buffers" | "optimizer" | "carried"> {
    this.#check("memory");
    const { model } = this;
    return memoryByOwner(
      {
        parameters: model.parameters(),
        buffers: model.buffers(),
        optimizer: this.#options.optimizer.state().values(),
        carried: [...this.#training.variables(), ...this.#evaluator.variables()],
      },
      { runtime: this.#runtime("memory") },
    );
  }

  /**
   * Gives back the memory of all plans and of what is carried, after the steps that are under way. Model and optimizer
   * are the caller's, and stay as they are.
   */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#training.dispose();
    this.#evaluator.dispose();
  }

  [dispose](): void {
    this.dispose();
  }

  #runtime(caller: string): Runtime {
    return runtimeOf(
      this.model.parameters().map(({ cell }) => cell),
      caller,
    );
  }

  #patience(caller: string, signal: AbortSignal | undefined): Patience {
    return new Patience(signal, this.#recovery?.ended ?? this.#runtime(caller).device.lost);
  }

  #checkIdle(call: string, what: string): void {
    if (!this.#isFitting) return;
    throw new ArgumentError(
      `${call}: nothing may be ${what} while a fit has not ended; got one at step ${this.step}. Await it, or leave its loop.`,
    );
  }

  #check(call: string): void {
    if (!this.#isDisposed) return;
    throw new DisposedError(
      `${call}: a Trainer cannot be used after dispose(); got one of ${this.model.kind}. Make a new one: the model is as it was.`,
    );
  }
}
