import { checkOptions, oneOf } from "../arguments.ts";
import { rnn as walk, rnnLayers as walkLayers } from "../functions.ts";
import {
  RECURRENT_RULES,
  type RecurrentModule,
  type RecurrentOptions,
  recurrentModule,
} from "./recurrent.ts";

export interface RnnOptions extends RecurrentOptions {
  /** φ; tanh where nothing is said. */
  readonly activation?: "tanh" | "relu";
}

/**
 * The simple recurrent layer over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer
 * at every step, h_t = φ(x_t·W + h_{t−1}·R + b). The state is h of every layer, each [B, H]. There is one bias where
 * PyTorch has two that say the same: see lstm. Elman 1990.
 */
export function rnn(inputs: number, hidden: number, options: RnnOptions = {}): RecurrentModule {
  checkOptions("rnn", options, { ...RECURRENT_RULES, activation: oneOf("tanh", "relu") });
  const { activation = "tanh" } = options;
  return recurrentModule(
    {
      kind: "rnn",
      gates: 1,
      states: 1,
      walk(x, weights, state, how) {
        const h = state?.[0];
        const walked = walk(x, weights, h && { h }, { ...how, activation });
        return { y: walked.y, state: [walked.state.h] };
      },
      walkTogether(x, weights, states, how) {
        const initial = states?.flatMap(([h]) => (h ? { h } : []));
        const walked = walkLayers(x, weights, initial, { ...how, activation });
        return { ys: walked.ys, states: walked.states.map(({ h }) => [h]) };
      },
    },
    inputs,
    hidden,
    options,
  );
}
