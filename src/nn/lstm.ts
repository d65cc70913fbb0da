import { checkOptions } from "../arguments.ts";
import { lstm as walk, lstmLayers as walkLayers } from "../functions.ts";
import {
  RECURRENT_RULES,
  type RecurrentModule,
  type RecurrentOptions,
  recurrentModule,
} from "./recurrent.ts";

/**
 * LSTM over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer at every step.
 * For each layer and step: a = x_t·W + h_{t−1}·R + b, gates i, f, o = σ(a), g = tanh(a), c_t = f∘c_{t−1} + i∘g,
 * h_t = o∘tanh(c_t). The state is h and c of every layer, [h₀, c₀, h₁, c₁, …], each [B, H].
 * There is one bias where PyTorch has two that say the same: a state dict holds it as bias_ih, and bias_hh is zero;
 * the two are added when one is loaded. Hochreiter & Schmidhuber 1997, Gers et al. 2000.
 */
export function lstm(
  inputs: number,
  hidden: number,
  options: RecurrentOptions = {},
): RecurrentModule {
  checkOptions("lstm", options, RECURRENT_RULES);
  return recurrentModule(
    {
      kind: "lstm",
      gates: 4,
      states: 2,
      walk(x, weights, state, how) {
        const [h, c] = state ?? [];
        const walked = walk(x, weights, h && c && { h, c }, how);
        return { y: walked.y, state: [walked.state.h, walked.state.c] };
      },
      walkTogether(x, weights, states, how) {
        const initial = states?.flatMap(([h, c]) => (h && c ? { h, c } : []));
        const walked = walkLayers(x, weights, initial, how);
        return { ys: walked.ys, states: walked.states.map(({ h, c }) => [h, c]) };
      },
    },
    inputs,
    hidden,
    options,
  );
}
