import { cell } from "./cell.ts";

/**
 * GRU (Cho et al. 2014) in the form that resets after the product, PyTorch's and cuDNN's; gates in the order r z n:
 *
 *   r, z = σ(x·W + h·R + b)
 *   n = tanh((x·W)_n + b_n + r ∘ ((h·R)_n + candidateBias))
 *   h_t = (1 − z) ∘ n + z ∘ h
 */
export const gru = cell({
  name: "gru",
  states: ["h"],
  inputs: ["reset", "update", "candidate"],
  sums: ["reset", "update", "recurrent"],
  vectors: ["candidateBias"],
  step(m, { reset, update, candidate, recurrent }, { h }, { candidateBias }) {
    const inner = m.mul(m.sigmoid(reset), m.add(recurrent, candidateBias));
    const n = m.tanh(m.add(candidate, inner));
    const z = m.sigmoid(update);
    return { h: m.add(m.mul(m.sub(1, z), n), m.mul(z, h)) };
  },
});
