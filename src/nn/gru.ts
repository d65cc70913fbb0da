import { checkOptions } from "../arguments.ts";
import { InternalError } from "../errors.ts";
import { type GruWeights, gru as walk, gruLayers as walkLayers } from "../functions.ts";
import {
  RECURRENT_RULES,
  type RecurrentModule,
  type RecurrentOptions,
  recurrentModule,
} from "./recurrent.ts";
import type { Weights } from "./recurrent-weights.ts";

/**
 * GRU over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer at every step.
 * For each layer and step: r, z = σ(x_t·W + h_{t−1}·R + b), n = tanh(x_t·W_n + b_n + r∘(h_{t−1}·R_n + b_hn)),
 * h_t = (1 − z)∘n + z∘h_{t−1}: the reset comes after the product, as in PyTorch and cuDNN. The state is h of every
 * layer, each [B, H]. Of PyTorch's two biases those of r and z are one here: a state dict holds their sum as bias_ih,
 * and they are added when one is loaded. Cho et al. 2014.
 */
export function gru(
  inputs: number,
  hidden: number,
  options: RecurrentOptions = {},
): RecurrentModule {
  checkOptions("gru", options, RECURRENT_RULES);
  return recurrentModule(
    {
      kind: "gru",
      gates: 3,
      states: 1,
      walk(x, weights, state, how) {
        const h = state?.[0];
        const walked = walk(x, whole(weights), h && { h }, how);
        return { y: walked.y, state: [walked.state.h] };
      },
      walkTogether(x, weights, states, how) {
        const initial = states?.flatMap(([h]) => (h ? { h } : []));
        const walked = walkLayers(x, weights.map(whole), initial, how);
        return { ys: walked.ys, states: walked.states.map(({ h }) => [h]) };
      },
    },
    inputs,
    hidden,
    options,
  );
}

/** Of a cell with three gates, the weights have all that there is. */
function whole({ candidateBias, ...weights }: Weights): GruWeights {
  if (candidateBias === undefined) throw new InternalError("a gru has no candidate bias.");
  return { ...weights, candidateBias };
}
