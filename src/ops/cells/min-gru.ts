import { cell } from "./cell.ts";

/**
 * minGRU (Feng et al. 2024): gate and candidate see the input alone, so units do not see each other, and there is no
 * product in a step:
 *
 *   z = σ(x·W + b),  h_t = (1 − z) ∘ h + z ∘ ((x·W)_n + b_n)
 */
export const minGru = cell({
  name: "minGru",
  states: ["h"],
  inputs: ["update", "candidate"],
  sums: [],
  step(m, { update, candidate }, { h }) {
    const z = m.sigmoid(update);
    return { h: m.add(m.mul(m.sub(1, z), h), m.mul(z, candidate)) };
  },
});
