import { cell } from "./cell.ts";

/**
 * LSTM that forgets as much as it takes in, three quarters of the weights (Greff et al. 2017, CIFG):
 *
 *   i, o = σ(x·W + h·R + b),  g = tanh(x·W + h·R + b)
 *   c_t = (1 − i) ∘ c + i ∘ g,  h_t = o ∘ tanh(c_t)
 */
export const coupledLstm = cell({
  name: "coupledLstm",
  states: ["h", "c"],
  sums: ["input", "candidate", "output"],
  step(m, { input, candidate, output }, { c }) {
    const i = m.sigmoid(input);
    const next = m.add(m.mul(m.sub(1, i), c), m.mul(i, m.tanh(candidate)));
    return { h: m.mul(m.sigmoid(output), m.tanh(next)), c: next };
  },
});
