import { notNegative, positive, share } from "../arguments.ts";
import { add, div, mul, sqrt, square, sub } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { biasCorrection, fadedMoment, fadedSquare, type Site, type Updated } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface AdamSettings {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled from the gradient: AdamW, Loshchilov & Hutter 2019. */
  readonly weightDecay?: number;
}

export interface AdamOptions
  extends OptimizerOptions<ParameterGroup & AdamSettings>,
    AdamSettings {}

/** Adam with bias correction, Kingma & Ba 2015, algorithm 1. */
export function adam(options: AdamOptions): Optimizer {
  return makeOptimizer("adam", options, {
    rules: { beta1: share, beta2: share, epsilon: positive, weightDecay: notNegative },
    settingsOf: ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions) => ({
      beta1,
      beta2,
      epsilon,
      weightDecay,
    }),
    state: () => ["m", "v"],
    isFlat: true,
    update,
  });
}

/**
 * With d the gradient and t the step:
 *   m = beta1 · m + (1 − beta1) · d,  v = beta2 · v + (1 − beta2) · d²
 *   p = p − learningRate · (m / (1 − beta1ᵗ) / (√(v / (1 − beta2ᵗ)) + epsilon) + weightDecay · p)
 */
function update(
  { parameter, gradient: d, learningRate, step, held }: Site,
  { beta1, beta2, epsilon, weightDecay }: Required<AdamSettings>,
): Updated {
  const m = fadedMoment(add(mul(held("m"), beta1), mul(d, 1 - beta1)));
  // Squared behind the factor: a large gradient's square is finite as long as what is added to v is.
  const added = fadedSquare(square(mul(d, Math.sqrt(1 - beta2))));
  const v = fadedSquare(add(mul(held("v"), beta2), added));
  const root = sqrt(mul(v, biasCorrection(beta2, step)));
  const direction = div(mul(m, biasCorrection(beta1, step)), add(root, epsilon));
  const change = weightDecay === 0 ? direction : add(direction, mul(parameter, weightDecay));
  return { parameter: sub(parameter, mul(learningRate, change)), state: { m, v } };
}
