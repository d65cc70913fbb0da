import {
  callable,
  check,
  count,
  isListOf,
  notNegative,
  positive,
  record,
  required,
  rule,
  share,
} from "../arguments.ts";
import {
  type Gradients,
  type LoadOptions,
  type SavedEntry,
  sqrt,
  sumOfSquares,
  Tensor,
  Variable,
} from "../functions.ts";
import type { Schedule } from "./schedules.ts";

/** Parameters with settings of their own; what a group does not say is as for all others. */
export interface ParameterGroup {
  /**
   * Of a layer of the model: `head.parameters()`, one or more. Those that are frozen are left out, as everywhere; those of
   * another model are refused where it is known, by a Trainer or at the first update.
   */
  readonly parameters: readonly Variable[];
  /** A number on the device of its own; where it is missing the group follows that of all others. */
  readonly learningRate?: number | Schedule;
}

/** What every optimizer can be told. */
export interface OptimizerOptions<Group extends ParameterGroup = ParameterGroup> {
  /** A number on the device, see `Optimizer.setLearningRate`, or what `schedules` make: a function of the step. */
  readonly learningRate: number | Schedule;
  /**
   * Gradients are scaled down together, those of all groups, so that their global norm is at most this. Pascanu et al.
   * 2013.
   */
  readonly clipNorm?: number;
  /** Every element of every gradient is brought between −clipValue and clipValue, before the norm is. */
  readonly clipValue?: number;
  /**
   * Updates with the mean of the gradients of so many calls, and changes nothing at the calls before: batches that many
   * times as large in the memory of one; 1. What is counted, clipped and scheduled are updates.
   */
  readonly accumulate?: number;
  /**
   * Holds a moving average of the parameters beside them, of which so much is kept at each update: 0.999. It begins with
   * the first update's result. `withAverages` puts it in their place. Polyak & Juditsky 1992.
   */
  readonly average?: number;
  /** By name, parameters with another learning rate, decay or whatever: `{ head: { parameters, learningRate: 0.01 } }`. */
  readonly groups?: Readonly<Record<string, Group>>;
}

/** What one update can be told. */
export interface UpdateOptions {
  /** bool []: where false, the parameters and the optimizer's state stay as they are. */
  readonly when?: Tensor;
  /** The gradients' global norm, if it is known already. */
  readonly norm?: Tensor;
}

/** What a variable of an optimizer's state held. */
export type SavedVariable = SavedEntry;

/** Changes parameters in the direction of their gradients. Inside a compiled step the update is part of its plan. */
export interface Optimizer {
  /**
   * Assigns to the parameters what they become by these gradients, and to the optimizer's state.
   * @throws ArgumentError where the gradients belong to other parameters than at the first call, and where a group has
   *   parameters, not frozen, that get none; ShapeError for a `when` or `norm` that is no single number
   */
  update(gradients: Gradients, options?: UpdateOptions): void;
  /**
   * Takes effect with the next step; nothing is compiled again. Of a group that has one of its own, or of all others.
   * @throws ArgumentError for a group that has none, or that follows a schedule
   */
  setLearningRate(learningRate: number, group?: string): void;
  /** The optimizer's own variables, for checkpoints; a group's have its name in front: `head.learningRate`. */
  state(): ReadonlyMap<string, Variable>;
  /**
   * Goes on from what the variables of `state()` held, with the same parameters. Nothing changes where it does not fit.
   * Numbers that are not finite are loaded only with `{ allowNonFinite: true }`.
   * @throws ArgumentError for names that are not those of `state()` and entries that are none, ShapeError for shapes;
   *   what belongs to parameters is checked at the first update where there has been none
   */
  loadState(saved: Readonly<Record<string, SavedVariable>>, options?: LoadOptions): void;
  /**
   * `parameters` in the order in which the optimizer holds them: gradients that are computed in it are where it wants
   * them. As they are where nothing is said.
   */
  inOrder?(parameters: readonly Variable[]): readonly Variable[];
  /**
   * That all parameters of its groups are among a model's, by their paths, frozen ones too; a Trainer asks when it is made.
   * @throws ArgumentError, in the caller's name, for a group that has others
   */
  checkGroups?(caller: string, named: ReadonlyMap<string, Variable>): void;
  /** Exchanges the parameters with their averages, where there are any: see `withAverages`. */
  swapAverages?(): void;
}

const groupName = rule(
  "groups by name, without dots",
  (value) =>
    record.holds(value) &&
    Object.entries(value as object).every(
      ([name, group]) => name !== "" && !name.includes(".") && record.holds(group),
    ),
  "Write { head: { parameters: head.parameters() } }, a record of settings for each.",
);

const rate = rule(
  `${notNegative.is}, or a schedule`,
  (value) => notNegative.holds(value) || callable.holds(value),
);

/** Rules for what every optimizer can be told. */
export const OPTIMIZER_RULES = {
  learningRate: required(rate),
  clipNorm: positive,
  clipValue: positive,
  accumulate: count,
  average: share,
  groups: groupName,
};

const variables = rule(
  "a list of variables",
  (value) => isListOf(value, (one) => one instanceof Variable),
  "Write layer.parameters(), or a list of some of them.",
);

/** Rules for what every group can be told. */
export const GROUP_RULES = { parameters: required(variables), learningRate: rate };

export const gradientMap = rule(
  "a Map from variables to tensors",
  (value) =>
    value instanceof Map &&
    [...value].every(([of, g]) => of instanceof Variable && g instanceof Tensor),
);

/**
 * √Σ g² over all gradients. f32[].
 * @throws ArgumentError for what are no gradients
 */
export function globalNorm(gradients: Gradients): Tensor {
  check("globalNorm", "gradients", gradients, gradientMap);
  return sqrt(sumOfSquares([...gradients.values()]));
}
