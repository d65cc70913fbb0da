import { notNegative, positive } from "../arguments.ts";
import { add, div, mul, sqrt, square, sub } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedSquare } from "./expression.ts";
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
  return makeOptimizer<Required<AdagradSettings>>("adagrad", options, {
    settings: {
      rateDecay: [notNegative, 0],
      initial: [notNegative, 0],
      epsilon: [positive, 1e-10],
      weightDecay: [notNegative, 0],
    },
    state: () => ["sum"],
    isFlat: false,
    update({ gradient, learningRate, step, held }, { rateDecay, initial, epsilon }) {
      const total = add(held("sum"), fadedSquare(square(gradient)));
      const root = sqrt(initial === 0 ? total : add(total, initial));
      const slower = () => div(learningRate, add(mul(sub(step, 1), rateDecay), 1));
      return {
        direction: div(gradient, add(root, epsilon)),
        rate: rateDecay === 0 ? learningRate : slower(),
        state: { sum: total },
      };
    },
  });
}
