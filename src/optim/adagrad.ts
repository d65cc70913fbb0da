import { notNegative, positive } from "../arguments.ts";
import { add, div, mul, sqrt, square, sub } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedSquare, type Site, type Updated } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface AdagradSettings {
  /** The learning rate is divided by 1 + rateDecay · updates made before; 0. */
  readonly rateDecay?: number;
  /** What the sum of squares begins with; 0. */
  readonly initial?: number;
  /** Added to the root; 1e-10. */
  readonly epsilon?: number;
  /** L2: weightDecay · p is added to the gradient. */
  readonly weightDecay?: number;
}

/** What `optim.adagrad` can be told. */
export interface AdagradOptions
  extends OptimizerOptions<ParameterGroup & AdagradSettings>,
    AdagradSettings {}

/**
 * Adagrad: s ← s + g², p ← p − learningRate · g / (√s + ε). Duchi, Hazan & Singer 2011.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function adagrad(options: AdagradOptions): Optimizer {
  return makeOptimizer("adagrad", options, {
    rules: {
      rateDecay: notNegative,
      initial: notNegative,
      epsilon: positive,
      weightDecay: notNegative,
    },
    settingsOf: ({
      rateDecay = 0,
      initial = 0,
      epsilon = 1e-10,
      weightDecay = 0,
    }: AdagradOptions) => ({ rateDecay, initial, epsilon, weightDecay }),
    state: () => ["sum"],
    isFlat: false,
    update,
  });
}

function update(
  { parameter, gradient, learningRate, step, held }: Site,
  { rateDecay, initial, epsilon, weightDecay }: Required<AdagradSettings>,
): Updated {
  const g = weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));
  const total = add(held("sum"), fadedSquare(square(g)));
  const root = sqrt(initial === 0 ? total : add(total, initial));
  const rate =
    rateDecay === 0 ? learningRate : div(learningRate, add(mul(sub(step, 1), rateDecay), 1));
  return {
    parameter: sub(parameter, mul(rate, div(g, add(root, epsilon)))),
    state: { sum: total },
  };
}
