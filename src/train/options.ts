/** What a Trainer is told, and what it tells. */
import type { Optimizer } from "../optim/index.ts";
import type { TrainingData } from "./batch-source.ts";
import type { LayerFlow } from "./flow.ts";
import type { LossFunction, Metrics } from "./score.ts";
import type { Window } from "./window.ts";

export interface TrainerOptions<M extends Metrics = Metrics> {
  /** What is made small: (model's output, targets) → [], or a mean as `{ sum, count }`, see `Trainer.evaluate`. */
  readonly loss: LossFunction;
  readonly optimizer: Optimizer;
  /** Further numbers to report, of the same form as the loss. With `losses.crossEntropy`: accuracy. */
  readonly metrics?: M;
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

/** Loss and metrics over a pass: means over the targets that count, see `Trainer.evaluate`. */
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
  /** With `gradientFlow: true`, for each recurrent layer and direction in the model's order. */
  readonly flow: readonly LayerFlow[] | undefined;
  /** With the last step of an epoch, if there is something to validate on. */
  readonly validation: Scores | undefined;
}
