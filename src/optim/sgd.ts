import { check, checkOptions, flag, notNegative, positive } from "../arguments.ts";
import { assignSgd } from "../functions.ts";
import {
  OPTIMIZER_RULES,
  type Optimizer,
  OptimizerCore,
  type OptimizerOptions,
} from "./optimizer.ts";

export interface SgdOptions extends OptimizerOptions {
  /** 0 where nothing is said. */
  readonly momentum?: number;
  /** Looks ahead by one step of the momentum, which must be above 0. Sutskever et al. 2013. */
  readonly nesterov?: boolean;
  /** L2: weightDecay · p is added to the gradient. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent, with momentum as in PyTorch: v ← momentum·v + g, p ← p − learningRate·v. */
export function sgd(options: SgdOptions): Optimizer {
  checkOptions("sgd", options, {
    ...OPTIMIZER_RULES,
    momentum: notNegative,
    nesterov: flag,
    weightDecay: notNegative,
  });
  if (options.nesterov) {
    check("sgd", "momentum", options.momentum ?? 0, positive, "nesterov is a kind of momentum.");
  }
  const core = new OptimizerCore("sgd", options, ["velocity"]);
  const attrs = {
    momentum: options.momentum ?? 0,
    nesterov: options.nesterov ?? false,
    weightDecay: options.weightDecay ?? 0,
  };
  return {
    update(gradients, update = {}) {
      const inputs = core.begin(gradients, update);
      assignSgd(inputs, core.flat("velocity"), attrs);
    },
    setLearningRate: (learningRate) => core.setLearningRate(learningRate),
    state: () => core.state(),
    loadState: (saved, load) => core.loadState(saved, load),
  };
}
