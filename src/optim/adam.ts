import { notNegative, positive, share } from "../arguments.ts";
import { InternalError } from "../errors.ts";
import { assignAdam } from "../internals.ts";
import { makeOptimizer } from "./core.ts";
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
    update({ inputs, settings, step, state }) {
      const [[m], [v]] = [state("m"), state("v")];
      if (m === undefined || v === undefined) throw new InternalError("adam has no moments.");
      assignAdam(inputs, { m, v, step }, settings);
    },
  });
}
