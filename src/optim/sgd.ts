import { check, flag, notNegative, positive } from "../arguments.ts";
import { InternalError } from "../errors.ts";
import { assignSgd } from "../internals.ts";
import { makeOptimizer } from "./core.ts";
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

export interface SgdOptions extends OptimizerOptions<ParameterGroup & SgdSettings>, SgdSettings {}

/** Stochastic gradient descent, with momentum as in PyTorch: v ← momentum·v + g, p ← p − learningRate·v. */
export function sgd(options: SgdOptions): Optimizer {
  return makeOptimizer("sgd", options, {
    rules: { momentum: notNegative, nesterov: flag, weightDecay: notNegative },
    settingsOf({ momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions) {
      if (nesterov) check("sgd", "momentum", momentum, positive, "nesterov is a kind of momentum.");
      return { momentum, nesterov, weightDecay };
    },
    state: () => ["velocity"],
    isFlat: true,
    update({ inputs, settings, state }) {
      const [velocity] = state("velocity");
      if (velocity === undefined) throw new InternalError("sgd has no velocity.");
      assignSgd(inputs, velocity, settings);
    },
  });
}
