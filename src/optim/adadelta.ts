import { notNegative, positive, share } from "../arguments.ts";
import { add, div, mul, sqrt, square, type Tensor } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedSquare } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface AdadeltaSettings {
  /** How much of the mean squares is kept at each step; 0.9. */
  readonly rho?: number;
  /** Added to the mean squares; 1e-6. */
  readonly epsilon?: number;
  /** L2: weightDecay · p is added to the gradient. */
  readonly weightDecay?: number;
}

/** What `optim.adadelta` can be told. */
export interface AdadeltaOptions
  extends OptimizerOptions<ParameterGroup & AdadeltaSettings>,
    AdadeltaSettings {}

/**
 * Adadelta: v ← ρ·v + (1 − ρ)·g², d = g · √(u + ε) / √(v + ε), u ← ρ·u + (1 − ρ)·d², p ← p − learningRate · d, with a
 * learning rate of 1 in the paper. Zeiler 2012, algorithm 1.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function adadelta(options: AdadeltaOptions): Optimizer {
  return makeOptimizer<Required<AdadeltaSettings>>("adadelta", options, {
    settings: { rho: [share, 0.9], epsilon: [positive, 1e-6], weightDecay: [notNegative, 0] },
    state: () => ["square", "change"],
    isFlat: false,
    update({ gradient, held }, { rho, epsilon }) {
      const faded = (name: string, x: Tensor) =>
        fadedSquare(add(mul(held(name), rho), mul(fadedSquare(square(x)), 1 - rho)));
      const v = faded("square", gradient);
      const root = div(sqrt(add(held("change"), epsilon)), sqrt(add(v, epsilon)));
      const direction = mul(gradient, root);
      return { direction, state: { square: v, change: faded("change", direction) } };
    },
  });
}
