/** What the options of a Trainer come to: what its steps measure, how far they reach back, what data they ask for. */
import { ArgumentError } from "../errors.ts";
import { variable } from "../functions.ts";
import { accuracy, crossEntropy } from "../losses/index.ts";
import type { AnyModule } from "../nn/index.ts";
import { FlowNotes } from "./flow.ts";
import { againstTargets, ofBatch } from "./objective.ts";
import type { CommonOptions } from "./options.ts";
import type { AnyFunction, AnyMetrics } from "./score.ts";
import type { StepOptions, TrainingStepOptions } from "./steps.ts";
import type { Wanted } from "./training-data.ts";
import { type ColumnType, named, pairs } from "./wanted.ts";
import { type Truncation, truncationOf } from "./window.ts";

/** Those of both kinds of Trainer, whatever their functions take. */
export interface AnyTrainerOptions extends CommonOptions {
  readonly loss: AnyFunction;
  readonly metrics?: AnyMetrics;
  readonly batch?: Readonly<Record<string, ColumnType>> | undefined;
}

export interface InterpretedOptions {
  readonly wanted: Wanted;
  readonly truncation: Truncation | undefined;
  /** What is measured, in training and in evaluation. */
  readonly measured: StepOptions;
  readonly training: TrainingStepOptions;
  /** Whether a step that is not finite ends the training. */
  readonly isStrict: boolean;
}

/** `options` have been checked. @throws ArgumentError for a window that is none, and an optimizer of another model */
export function interpreted(model: AnyModule, options: AnyTrainerOptions): InterpretedOptions {
  const { window, loss, batch, optimizer, whenNotFinite = "throw" } = options;
  optimizer.checkGroups?.("Trainer", model.namedParameters());
  const truncation = window === undefined ? undefined : truncationOf(window);
  if (batch !== undefined && truncation !== undefined && truncation.back > truncation.every) {
    throw new ArgumentError(
      `Trainer: a window { every, back } must be of outputs against targets; got every ${truncation.every}, back ${truncation.back} for a loss of model and batch. Give one number as window.`,
    );
  }
  const isCrossEntropy = batch === undefined && loss === crossEntropy;
  const metrics: AnyMetrics = options.metrics ?? (isCrossEntropy ? { accuracy } : {});
  const measured = { loss, metrics, objective: batch === undefined ? againstTargets : ofBatch };
  const isStrict = whenNotFinite === "throw";
  return {
    wanted: batch === undefined ? pairs(model, isCrossEntropy) : named(batch),
    truncation,
    measured,
    training: {
      ...measured,
      optimizer,
      isGuarded: whenNotFinite !== "off",
      flow: options.gradientFlow === true ? new FlowNotes() : undefined,
      ...(isStrict && { running: variable(1, [], "running") }),
    },
    isStrict,
  };
}
