/** What a Trainer is told, and what it tells. */
import {
  anything,
  callable,
  check,
  checkOptions,
  count,
  finite,
  flag,
  isRecord,
  oneOf,
  required,
  rule,
  whole,
} from "../arguments.ts";
import { ArgumentError, type FileError, type FormatError } from "../errors.ts";
import type { DType, Tensor } from "../functions.ts";
import type { Tensors } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import { type CheckpointOptions, checkCheckpoint } from "./checkpoints/options.ts";
import type { DeviceChange } from "./device-change.ts";
import { type BestEpoch, checkEarlyStopping, type EarlyStopping } from "./early-stopping.ts";
import type { LayerFlow } from "./flow.ts";
import {
  isMetric,
  type LossFunction,
  type LossInput,
  type LossTargets,
  type Metrics,
} from "./score.ts";
import type { TrainingData } from "./training-data.ts";
import { type ColumnType, dtypeIn } from "./wanted.ts";
import type { Window } from "./window.ts";

/** Whatever has a state that is plain data. */
export interface Saved {
  /** Plain data that says all there is to say. */
  state(): unknown;
  // As a method, so that it may ask for more than anything.
  /** Goes on from what `state()` gave. */
  loadState(saved: never): void;
}

/** How often what a fit goes on from is copied to the host. */
export interface RecoveryOptions {
  /** Steps between two copies: at most so many are taken again. */
  readonly everySteps?: number;
}

/**
 * What a Trainer is told: of a model from X to Y, of targets T, or of batches whose columns have the names T, and of
 * metrics by the names M.
 */
export interface TrainerOptions<
  X extends Tensors = Tensor,
  Y extends Tensors = Tensor,
  T extends Tensors | string = Tensor,
  M extends string = string,
> {
  /**
   * What is made small: (model's output, targets) → [], or a mean as `{ sum, count }`, see `Trainer.evaluate`. Data has `x`
   * and `y` then, one tensor each or several by name.
   *
   * With `batch`: (model, batch of tensors by name) → the same. Of windows, `model(x)` goes on from the state that the
   * window before left.
   */
  readonly loss: LossFunction<LossInput<X, Y, T>, LossTargets<T>>;
  /** What changes the model's parameters by their gradients. */
  readonly optimizer: Optimizer;
  /**
   * Further numbers to report: functions as the loss, or `metrics`. Where there are none and the loss is
   * `losses.crossEntropy`: accuracy. With `batch`, what the loss has had the model make of an input is not computed again.
   */
  readonly metrics?: Metrics<LossInput<X, Y, T>, LossTargets<T>, M>;
  /**
   * For whatever is more than outputs against targets, as autoencoders, two towers, penalties: the names that data and
   * batches have, and what their elements are. Columns of the data say both: `batch: values` of `data.columns`.
   */
  readonly batch?: Readonly<Record<T & string, ColumnType>>;
  /**
   * Truncated back-propagation through time: the recurrent state goes on and on, the gradient ends after so many
   * steps. One number k: an update every k steps that reaches back to the last. `{ every, back }`: an update every
   * `every` steps that reaches back `back` of them. A text is read in such pieces; other data arrives in them. A model
   * without state is allowed, every window then stands for itself. Williams & Peng 1990.
   */
  readonly window?: Window;
  /**
   * When loss or gradient is not finite: "throw" (the default) leaves the parameters as they are and ends in a
   * NonFiniteError, "skip" leaves out the update and goes on, "off" does not look.
   */
  readonly whenNotFinite?: "throw" | "skip" | "off";
  /**
   * Whether every report tells how far back the gradient reached: norms of ∂loss/∂h_t and ∂loss/∂c_t and what the gates
   * did, for every recurrent layer, from the step's own backward pass.
   */
  readonly gradientFlow?: boolean;
  /**
   * What else belongs to the training, by name: it is saved with its state and loaded with it, as
   * `{ plateau: optim.reduceOnPlateau(optimizer) }`.
   */
  readonly also?: Readonly<Record<string, Saved>>;
  /**
   * How a fit goes on when its device is lost: from copies of all it goes on from, which are taken on the device's own time,
   * one when a fit begins and then often enough to cost up to 1 % of the time, or every so many steps. false ends it with a
   * DeviceLostError.
   */
  readonly recovery?: false | RecoveryOptions;
}

/** What is told of every training, whatever it takes and gives. */
export type CommonOptions = Omit<TrainerOptions, "loss" | "metrics" | "batch">;

/** What passes over data are told. */
export interface EvaluateOptions {
  /**
   * Examples, or rows of a text, that a step sees; the last batch is smaller where they do not divide. Not needed where
   * the data comes in batches.
   */
  readonly batchSize?: number;
  /** Stops after the step that is running, or while data is waited for; what was called then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How long a fit lasts, on what it is measured, and what it tells meanwhile. */
export interface FitOptions<
  X extends Tensors = Tensor,
  T extends Tensors | string = Tensor,
  M extends string = never,
> extends EvaluateOptions {
  /**
   * Passes over the data, from where the last fit ended; 1. Where a state from the middle of an epoch was loaded, the
   * first is what is left of it; where a fit was left, the next one begins the next epoch.
   */
  readonly epochs?: number;
  /**
   * In place of `epochs`: trains until so many epochs are complete, of all fits together, from where training stands,
   * be it in the middle of an epoch: with the bits of training that was never stopped. So a program that is started
   * again says what it said the first time. Nothing is trained where they are complete, or where `earlyStopping` has
   * ended such a fit. Batches that the caller makes are made again, and those that were trained on are left out.
   */
  readonly untilEpoch?: number;
  /**
   * Epochs that count as done: order and reports go on with the next one. Those of the Trainer so far, also of the one
   * whose state was loaded.
   */
  readonly initialEpoch?: number;
  /**
   * Leaves out a last batch that is smaller than the others, and what does not fill a window of a text; false. Where it
   * is not left out it is a plan of its own, and in a text its missing targets are ignored labels.
   */
  readonly dropLast?: boolean;
  /** Shuffles the examples, differently in every epoch and equally on every device; false keeps their order. */
  readonly shuffle?: boolean;
  /** Decides the order of the examples. 0 where nothing is said. */
  readonly seed?: number;
  /** Evaluated after every epoch. A number is the share of the examples that is kept apart for it, the last ones. */
  readonly validation?: TrainingData<X, T> | number;
  /** Ends the training where a score of the validation gets no better, and gives the model its best weights back. */
  readonly earlyStopping?: EarlyStopping<M>;
  /**
   * Writes all that training goes on from into a folder, beside the training and at the fit's end, also where it is left
   * or aborted: `Trainer.resume` goes on from there. A fit with checkpoints says `untilEpoch`, so that it is the same fit
   * when it is said again.
   */
  readonly checkpoint?: CheckpointOptions<M>;
  /**
   * How many steps may have been started beyond the one that is reported; 3, so that the device is never waited for. With
   * 0 a report is of the last step taken, and each `next()` of the fit takes exactly one step: for going through a training
   * step by step. The batch of the next step is read by then. The bits are the same.
   */
  readonly ahead?: number;
  /** Called with every report; what it returns is awaited. What it throws ends the training. */
  readonly onStep?: (report: StepReport<M>) => unknown;
  /** The same with the report of every epoch: what its steps have come to together. */
  readonly onEpoch?: (report: EpochReport<M>) => unknown;
  /**
   * Called when another device has taken the place of one that was lost, and the steps since `from` have been taken again;
   * what it returns is awaited. No step is reported twice. A callback that fails with a DeviceLostError, since it was reading
   * when the device was lost, is called again.
   */
  readonly onDeviceLost?: (change: DeviceChange) => unknown;
}

/** Those of whatever model: what is told are reports with the metrics that there are. */
export type AnyFitOptions = FitOptions<Tensor, Tensor, string>;

/** What `Trainer.resume` tells. */
export interface ResumeOptions {
  /** Called with why a checkpoint cannot be read, and its file's name, before the one before it is tried. */
  readonly onRefused?: (error: FormatError | FileError, name: string) => unknown;
}

/** What a fit comes to. */
export interface History<M extends string = never> {
  /** Steps of this fit; also of the part before, where it goes on with one that was left or saved. */
  readonly steps: number;
  /** The last step's loss; NaN where there was none. */
  readonly loss: number;
  /** The report of every epoch that was completed, with its validation. */
  readonly epochs: readonly EpochReport<M>[];
  /** With `earlyStopping`: the best epoch. */
  readonly best?: BestEpoch | undefined;
  /** Whether the training ended before its epochs did, because of `earlyStopping`. */
  readonly stoppedEarly: boolean;
  /** Devices that took the place of others meanwhile. */
  readonly deviceChanges: readonly DeviceChange[];
}

/** Loss and metrics over a pass: means over the targets that count, see `Trainer.evaluate`. */
export type Scores<M extends string = never> = {
  readonly loss: number;
  readonly accuracy?: number;
} & { readonly [Name in M]: number };

/** What `fit` tells of a step of training. */
export interface StepReport<M extends string = never> {
  /** Counted from 1, over all epochs and calls of fit. */
  readonly step: number;
  /** Counted from 1, over all calls of fit. */
  readonly epoch: number;
  /** Steps in an epoch, where that is known. */
  readonly stepsPerEpoch: number | undefined;
  /**
   * Steps that were started behind this one before it was reported: they have their effect also where the training is
   * left here, and `trainer.step` counts them.
   */
  readonly ahead: number;
  /** Of the step's batch, before its update. */
  readonly loss: number;
  /** The gradient's global norm before clipping. */
  readonly gradientNorm: number;
  /** Share of targets that are predicted, with losses.crossEntropy. */
  readonly accuracy: ({ accuracy: number | undefined } & { [Name in M]: number })["accuracy"];
  /** The Trainer's, by name, of the step's batch. */
  readonly metrics: { readonly [Name in M]: number };
  /** With `gradientFlow: true`, for each recurrent layer and direction in the model's order. */
  readonly flow: readonly LayerFlow[] | undefined;
  /** With the last step of an epoch: loss and metrics over all of its steps, as `EpochReport` has them. */
  readonly training: Scores<M> | undefined;
  /** With the last step of an epoch, if there is something to validate on. */
  readonly validation: Scores<M> | undefined;
}

/**
 * What `fit` tells of an epoch. Loss and metrics are those of all its training batches, each as it was before its update,
 * and no mean of means: batches weigh as many targets as they have, see `Trainer.evaluate`. A step that
 * `whenNotFinite: "skip"` left out does not count. What else there is is the last step's.
 */
export interface EpochReport<M extends string = never>
  extends Omit<StepReport<M>, "loss" | "accuracy" | "metrics" | "training"> {
  /** The mean over the epoch. */
  readonly loss: number;
  /** Share of targets that were predicted, with losses.crossEntropy. */
  readonly accuracy: StepReport<M>["accuracy"];
  /** The Trainer's, by name. */
  readonly metrics: StepReport<M>["metrics"];
}

const model = rule(
  "a model of nn",
  (value) => typeof value === "function" && "parameters" in value,
);
const optimizer = rule(
  "an optimizer, as optim.adam makes it",
  (value) => typeof value === "object" && value !== null && "update" in value,
  "Write optim.adam({ learningRate: 0.001 }).",
);
const loss = { ...callable, remedy: "Write losses.crossEntropy, or a function of your own." };
const metrics = rule(
  'functions or metrics by names other than "loss"',
  (value) =>
    isRecord(value) &&
    !("loss" in value) &&
    Object.values(value).every((metric) => typeof metric === "function" || isMetric(metric)),
  "Write { f1: metrics.f1() }.",
);
const wholeMetrics = rule(
  "metrics by name, as { f1: metrics.f1() }",
  (value) => isRecord(value) && Object.values(value).every(isMetric),
);
const columns = rule(
  'dtypes by name, as { x: "f32" }, or columns that have one, of names without dots',
  (value) =>
    isRecord(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(
      ([name, type]) =>
        !name.includes(".") &&
        !["start", "rows", ""].includes(name) &&
        dtypes.includes(dtypeIn((type ?? "") as ColumnType)),
    ),
);
const also = rule(
  "things with state() and loadState(), by name",
  (value) =>
    isRecord(value) &&
    Object.values(value).every((one) => {
      const { state, loadState } = Object(one);
      return typeof state === "function" && typeof loadState === "function";
    }),
);
const dtypes: readonly DType[] = ["f32", "i32", "u32", "bool"];
const recovery = rule("false, or { everySteps }", (value) => value === false || isRecord(value));
const signal = rule("an AbortSignal", (value) => value instanceof AbortSignal);

/** @throws ArgumentError */
export function checkTrainerOptions(given: unknown, options: object | undefined): void {
  check("Trainer", "model", given, model, "new Trainer(model, { loss, optimizer }).");
  checkOptions<Partial<Record<keyof TrainerOptions, unknown>>>(
    "Trainer",
    options,
    {
      batch: columns,
      loss: required(loss),
      optimizer: required(optimizer),
      metrics,
      // `truncationOf` tells more.
      window: anything,
      whenNotFinite: oneOf("throw", "skip", "off"),
      gradientFlow: flag,
      also,
      recovery,
    },
    undefined,
    ELSEWHERE,
  );
  if (options !== undefined && "recovery" in options && options.recovery)
    checkOptions("Trainer: recovery", options.recovery as RecoveryOptions, { everySteps: count });
}

/** Other libraries take examples and targets one by one. */
const inOneArgument = (caller: string) => () =>
  `${caller}({ x, y }, { batchSize: 32 }), with examples and targets in one argument`;

/** What other libraries tell a fit, and who is told of it here. */
const WEIGHTS =
  "Put them beside x and y: { batch: { x, y, weights }, loss: (model, { x, y, weights }) => … }.";
const ELSEWHERE: Readonly<Record<string, string>> = {
  callbacks: "Give onStep, onEpoch, earlyStopping or checkpoint.",
  classweight: "It is the loss's: (y, t) => losses.crossEntropy(y, t, { classWeights }).",
  classweights: "It is the loss's: (y, t) => losses.crossEntropy(y, t, { classWeights }).",
  sampleweight: WEIGHTS,
  sampleweights: WEIGHTS,
  accumulate: "It is the optimizer's: optim.adam({ learningRate, accumulate }).",
  clipnorm: "It is the optimizer's: optim.adam({ learningRate, clipNorm }).",
  learningrate: "It is the optimizer's: optim.adam({ learningRate }).",
};

/** `scores`: those that a validation has, by name. @throws ArgumentError */
export function checkFitOptions(
  options: AnyFitOptions | undefined,
  scores: readonly string[],
): void {
  const rules = {
    epochs: count,
    untilEpoch: whole,
    initialEpoch: whole,
    batchSize: count,
    dropLast: flag,
    shuffle: flag,
    seed: finite,
    validation: anything,
    // `checkEarlyStopping` tells more, and `checkCheckpoint`.
    earlyStopping: anything,
    checkpoint: anything,
    signal,
    ahead: whole,
    onStep: callable,
    onEpoch: callable,
    onDeviceLost: callable,
  };
  checkOptions<AnyFitOptions>("fit", options, rules, inOneArgument("fit"), ELSEWHERE);
  checkEarlyStopping(options?.earlyStopping, scores);
  checkCheckpoint(options?.checkpoint, options?.validation !== undefined, scores);
  if (options?.epochs !== undefined && options.untilEpoch !== undefined) {
    throw new ArgumentError(
      `fit: there must be one of epochs and untilEpoch; got ${options.epochs} and ${options.untilEpoch}. epochs counts passes from here, untilEpoch all that there have been.`,
    );
  }
  if (options?.earlyStopping === undefined || options.validation !== undefined) return;
  throw new ArgumentError(
    "fit: earlyStopping must have something to watch; got no validation. Give { validation: data }, or the share of the examples that is kept apart: { validation: 0.1 }.",
  );
}

/** @throws ArgumentError */
export function checkMeasured(metrics: unknown): void {
  check("measure", "metrics", metrics, wholeMetrics);
}

/** @throws ArgumentError */
export function checkEvaluateOptions(
  caller: "evaluate" | "measure",
  options: EvaluateOptions | undefined,
): void {
  // In the place of measure's options nobody gives targets: its metrics stand there.
  const example = caller === "evaluate" ? inOneArgument(caller) : undefined;
  checkOptions<EvaluateOptions>(caller, options, { batchSize: count, signal }, example);
}
