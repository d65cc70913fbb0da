import { flag, notNegative, positive, share } from "../arguments.ts";
import { add, div, maximum, mul, sqrt, square, sub } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedMoment, fadedSquare } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface RmspropSettings {
  /** How much of the mean square is kept at each step; 0.99. */
  readonly alpha?: number;
  /** Added to the root; 1e-8. */
  readonly epsilon?: number;
  /** Of what is subtracted; 0. */
  readonly momentum?: number;
  /** Whether the gradient's mean is taken out of the mean square, which leaves its variance. Graves 2013. */
  readonly centred?: boolean;
  /** L2: weightDecay · p is added to the gradient. */
  readonly weightDecay?: number;
}

/** What `optim.rmsprop` can be told. */
export interface RmspropOptions
  extends OptimizerOptions<ParameterGroup & RmspropSettings>,
    RmspropSettings {}

/**
 * RMSprop as in PyTorch: v ← α·v + (1 − α)·g², p ← p − learningRate · g / (√v + ε); centred: √(v − m²) with
 * m ← α·m + (1 − α)·g; with momentum: b ← momentum·b + g / (√v + ε), p ← p − learningRate · b. Tieleman & Hinton 2012.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  return makeOptimizer<Required<RmspropSettings>>("rmsprop", options, {
    settings: {
      alpha: [share, 0.99],
      epsilon: [positive, 1e-8],
      momentum: [notNegative, 0],
      centred: [flag, false],
      weightDecay: [notNegative, 0],
    },
    state: ({ centred, momentum }) => [
      "square",
      ...(centred ? ["mean"] : []),
      ...(momentum > 0 ? ["momentum"] : []),
    ],
    isFlat: false,
    update({ gradient: g, held }, { alpha, epsilon, momentum, centred }) {
      const part = 1 - alpha;
      const v = fadedSquare(add(mul(held("square"), alpha), mul(fadedSquare(square(g)), part)));
      const m = centred ? fadedMoment(add(mul(held("mean"), alpha), mul(g, part))) : undefined;
      // Rounding may leave less than nothing of a variance.
      const power = m === undefined ? v : maximum(sub(v, square(m)), 0);
      const change = div(g, add(sqrt(power), epsilon));
      const b =
        momentum > 0 ? fadedMoment(add(mul(held("momentum"), momentum), change)) : undefined;
      const state = { square: v, ...(m && { mean: m }), ...(b && { momentum: b }) };
      return { direction: b ?? change, state };
    },
  });
}
