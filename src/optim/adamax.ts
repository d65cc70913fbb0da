import { notNegative, positive, share } from "../arguments.ts";
import { abs, add, div, maximum, mul } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { biasCorrection, fadedMoment } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface AdamaxSettings {
  /** How much of the mean gradient is kept at each step; 0.9. */
  readonly beta1?: number;
  /** How much of the largest gradient is kept; 0.999. */
  readonly beta2?: number;
  /** Added to a gradient's size; 1e-8. */
  readonly epsilon?: number;
  /** L2: weightDecay · p is added to the gradient. */
  readonly weightDecay?: number;
}

/** What `optim.adamax` can be told. */
export interface AdamaxOptions
  extends OptimizerOptions<ParameterGroup & AdamaxSettings>,
    AdamaxSettings {}

/**
 * Adam by the largest gradient instead of the mean square: m ← β₁·m + (1 − β₁)·g, u ← max(β₂·u, |g| + ε),
 * p ← p − learningRate / (1 − β₁ᵗ) · m / u. Kingma & Ba 2015, algorithm 2.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function adamax(options: AdamaxOptions): Optimizer {
  return makeOptimizer<Required<AdamaxSettings>>("adamax", options, {
    settings: {
      beta1: [share, 0.9],
      beta2: [share, 0.999],
      epsilon: [positive, 1e-8],
      weightDecay: [notNegative, 0],
    },
    state: () => ["m", "u"],
    isFlat: false,
    update({ gradient, step, held }, { beta1, beta2, epsilon }) {
      const m = fadedMoment(add(mul(held("m"), beta1), mul(gradient, 1 - beta1)));
      const u = maximum(mul(held("u"), beta2), add(abs(gradient), epsilon));
      return { direction: div(mul(m, biasCorrection(beta1, step)), u), state: { m, u } };
    },
  });
}
