import { cell } from "./cell.ts";

/**
 * The minimal gated unit (Zhou et al. 2016), a GRU with one gate for both:
 *
 *   f = σ(x·W + h·R + b)
 *   n = tanh((x·W)_n + b_n + (f ∘ h)·R_n)
 *   h_t = (1 − f) ∘ h + f ∘ n
 */
export const minimalGatedUnit = cell({
  name: "minimalGatedUnit",
  states: ["h"],
  inputs: ["forget", "candidate"],
  sums: ["forget"],
  between: { sums: ["candidate"], of: (m, { forget }, { h }) => m.mul(m.sigmoid(forget), h) },
  step(m, { forget, candidate }, { h }) {
    const f = m.sigmoid(forget);
    return { h: m.add(m.mul(m.sub(1, f), h), m.mul(f, m.tanh(candidate))) };
  },
});
