import { cell } from "./cell.ts";

/**
 * GRU as it was first written (Cho et al. 2014), which resets the state before the candidate's product; Keras' with
 * `reset_after: false`, ONNX's with `linear_before_reset: 0`:
 *
 *   r, z = σ(x·W + h·R + b)
 *   n = tanh((x·W)_n + b_n + (r ∘ h)·R_n)
 *   h_t = (1 − z) ∘ n + z ∘ h
 */
export const resetBeforeGru = cell({
  name: "resetBeforeGru",
  states: ["h"],
  inputs: ["reset", "update", "candidate"],
  sums: ["reset", "update"],
  between: { sums: ["candidate"], of: (m, { reset }, { h }) => m.mul(m.sigmoid(reset), h) },
  step(m, { update, candidate }, { h }) {
    const z = m.sigmoid(update);
    return { h: m.add(m.mul(m.sub(1, z), m.tanh(candidate)), m.mul(z, h)) };
  },
});
