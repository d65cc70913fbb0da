import { check, flag, notNegative, positive } from "../arguments.ts";
import { add, mul } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { fadedMoment } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface SgdSettings {
  /** 0 where nothing is said. */
  readonly momentum?: number;
  /** Looks ahead by one step of the momentum, which must be above 0. Sutskever et al. 2013. */
  readonly nesterov?: boolean;
  /** L2: weightDecay · p is added to the gradient. */
  readonly weightDecay?: number;
}

/** What `optim.sgd` can be told. */
export interface SgdOptions extends OptimizerOptions<ParameterGroup & SgdSettings>, SgdSettings {}

/**
 * Stochastic gradient descent, with momentum as in PyTorch: v ← momentum·v + g, p ← p − learningRate·v.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function sgd(options: SgdOptions): Optimizer {
  return makeOptimizer<Required<SgdSettings>>("sgd", options, {
    settings: {
      momentum: [notNegative, 0],
      nesterov: [flag, false],
      weightDecay: [notNegative, 0],
    },
    check({ momentum, nesterov }) {
      if (nesterov) check("sgd", "momentum", momentum, positive, "nesterov is a kind of momentum.");
    },
    // What no later update reads is not held: a table's worth of memory, and of writing in every step.
    state: ({ momentum }) => (momentum === 0 ? [] : ["velocity"]),
    isFlat: true,
    update({ gradient, held }, { momentum, nesterov }) {
      if (momentum === 0) return { direction: gradient, state: {} };
      const velocity = fadedMoment(add(mul(held("velocity"), momentum), gradient));
      const direction = nesterov ? add(gradient, mul(velocity, momentum)) : velocity;
      return { direction, state: { velocity } };
    },
  });
}
