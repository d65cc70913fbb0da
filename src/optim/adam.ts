import { checkOptions, notNegative, positive, share } from "../arguments.ts";
import { assignAdam } from "../functions.ts";
import {
  OPTIMIZER_RULES,
  type Optimizer,
  OptimizerCore,
  type OptimizerOptions,
} from "./optimizer.ts";

export interface AdamOptions extends OptimizerOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled from the gradient: AdamW, Loshchilov & Hutter 2019. */
  readonly weightDecay?: number;
}

/** Adam with bias correction, Kingma & Ba 2015, algorithm 1. */
export function adam(options: AdamOptions): Optimizer {
  checkOptions("adam", options, {
    ...OPTIMIZER_RULES,
    beta1: share,
    beta2: share,
    epsilon: positive,
    weightDecay: notNegative,
  });
  const core = new OptimizerCore("adam", options, ["m", "v"]);
  const attrs = {
    beta1: options.beta1 ?? 0.9,
    beta2: options.beta2 ?? 0.999,
    epsilon: options.epsilon ?? 1e-8,
    weightDecay: options.weightDecay ?? 0,
  };
  return {
    update(gradients, update = {}) {
      const inputs = core.begin(gradients, update);
      assignAdam(inputs, { m: core.flat("m"), v: core.flat("v"), step: core.step }, attrs);
    },
    setLearningRate: (learningRate) => core.setLearningRate(learningRate),
    state: () => core.state(),
    loadState: (saved, load) => core.loadState(saved, load),
  };
}
