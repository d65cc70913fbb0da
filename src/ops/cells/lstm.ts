import { cell } from "./cell.ts";

/**
 * LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000); gates in PyTorch's order i f g o:
 *
 *   i, f, o = σ(x·W + h·R + b),  g = tanh(x·W + h·R + b)
 *   c_t = f ∘ c + i ∘ g
 *   h_t = o ∘ tanh(c_t)
 */
export const lstm = cell({
  name: "lstm",
  states: ["h", "c"],
  sums: ["input", "forget", "candidate", "output"],
  step(m, { input, forget, candidate, output }, { c }) {
    const kept = m.mul(m.sigmoid(forget), c);
    const next = m.add(kept, m.mul(m.sigmoid(input), m.tanh(candidate)));
    return { h: m.mul(m.sigmoid(output), m.tanh(next)), c: next };
  },
});
