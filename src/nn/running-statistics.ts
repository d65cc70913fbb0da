/** What a norm remembers of the batches it has been trained on, to normalise by in evaluation. */
import { flag, rule, share } from "../arguments.ts";
import {
  add,
  mul,
  reciprocal,
  stopGradient,
  sub,
  type Tensor,
  type Variable,
} from "../functions.ts";
import type { Module } from "./module.ts";
import { constant, NORM_RULES, type NormOptions } from "./normalise.ts";

/** What norms with running statistics can be told. */
export interface RunningNormOptions extends NormOptions {
  /**
   * What share of the running statistics each batch replaces, 0.1; "cumulative": the mean over all batches, each of
   * equal weight.
   */
  readonly momentum?: number | "cumulative";
  /** Whether running statistics are kept and used in evaluation; where not, it takes those of what it is given. */
  readonly trackRunningStats?: boolean;
}

const aMomentum = rule(
  'a number from 0 to 1, or "cumulative"',
  (value) => value === "cumulative" || value === 1 || share.holds(value),
);

export const RUNNING_NORM_RULES = {
  ...NORM_RULES,
  momentum: aMomentum,
  trackRunningStats: flag,
};

export interface RunningStatistics {
  readonly mean: Variable;
  readonly variance: Variable;
  /** By PyTorch's names. */
  readonly buffers: NonNullable<Module["ownBuffers"]>;
  /**
   * Takes in what a batch had, f32[C] each: r ← (1 − momentum) · r + momentum · batch. `variance` is that of all elements
   * and is corrected to that of a sample of `samples`.
   */
  update(mean: Tensor, variance: Tensor, samples: number): void;
}

/** Zeros and ones at first, for `channels`. */
export function runningStatistics(
  kind: string,
  channels: number,
  momentum: number | "cumulative",
): RunningStatistics {
  const mean = constant(`${kind}.running_mean`, [channels], 0);
  const variance = constant(`${kind}.running_var`, [channels], 1);
  const batches = constant(`${kind}.num_batches_tracked`, [], 0);
  return {
    mean,
    variance,
    buffers: {
      running_mean: { variable: mean },
      running_var: { variable: variance },
      num_batches_tracked: { variable: batches },
    },
    update(batchMean, batchVariance, samples) {
      const counted = add(batches, 1);
      batches.assign(counted);
      const part = momentum === "cumulative" ? reciprocal(counted) : momentum;
      const rest = typeof part === "number" ? 1 - part : sub(1, part);
      const take = (held: Variable, batch: Tensor) =>
        held.assign(stopGradient(add(mul(held, rest), mul(batch, part))));
      take(mean, batchMean);
      take(variance, mul(batchVariance, samples / (samples - 1)));
    },
  };
}
