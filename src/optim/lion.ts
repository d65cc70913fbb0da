import { notNegative, share } from "../arguments.ts";
import { add, mul, sign } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedMoment } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface LionSettings {
  /** How much of m decides the direction; 0.9. */
  readonly beta1?: number;
  /** How much of m is kept; 0.99. */
  readonly beta2?: number;
  /** Decoupled from the gradient, as AdamW's; 0. */
  readonly weightDecay?: number;
}

/** What `optim.lion` can be told. */
export interface LionOptions
  extends OptimizerOptions<ParameterGroup & LionSettings>,
    LionSettings {}

/**
 * Lion: p ← p − learningRate · (sign(β₁·m + (1 − β₁)·g) + weightDecay·p), then m ← β₂·m + (1 − β₂)·g. All steps are as
 * long as the learning rate, which is 3 to 10 times smaller than Adam's. Chen et al. 2023, algorithm 2.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function lion(options: LionOptions): Optimizer {
  return makeOptimizer<Required<LionSettings>>("lion", options, {
    settings: { beta1: [share, 0.9], beta2: [share, 0.99], weightDecay: [notNegative, 0] },
    state: () => ["m"],
    isFlat: false,
    isDecoupled: () => true,
    update: ({ gradient, held }, { beta1, beta2 }) => ({
      direction: sign(add(mul(held("m"), beta1), mul(gradient, 1 - beta1))),
      state: { m: fadedMoment(add(mul(held("m"), beta2), mul(gradient, 1 - beta2))) },
    }),
  });
}
