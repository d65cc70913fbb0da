import { notNegative, share } from "../arguments.ts";
import { add, mul, sign, sub } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedMoment, type Site, type Updated } from "./expression.ts";
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
  return makeOptimizer("lion", options, {
    rules: { beta1: share, beta2: share, weightDecay: notNegative },
    settingsOf: ({ beta1 = 0.9, beta2 = 0.99, weightDecay = 0 }: LionOptions) => ({
      beta1,
      beta2,
      weightDecay,
    }),
    state: () => ["m"],
    isFlat: false,
    update,
  });
}

function update(
  { parameter, gradient, learningRate, held }: Site,
  { beta1, beta2, weightDecay }: Required<LionSettings>,
): Updated {
  const m = held("m");
  const direction = sign(add(mul(m, beta1), mul(gradient, 1 - beta1)));
  const change = weightDecay === 0 ? direction : add(direction, mul(parameter, weightDecay));
  return {
    parameter: sub(parameter, mul(learningRate, change)),
    state: { m: fadedMoment(add(mul(m, beta2), mul(gradient, 1 - beta2))) },
  };
}
