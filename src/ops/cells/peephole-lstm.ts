import { cell } from "./cell.ts";

/**
 * LSTM whose gates look at the cell, too (Gers and Schmidhuber 2000); one weight a unit, p of [U]:
 *
 *   i, f = σ(x·W + h·R + b + p ∘ c),  g = tanh(x·W + h·R + b)
 *   c_t = f ∘ c + i ∘ g
 *   o = σ(x·W + h·R + b + p ∘ c_t),  h_t = o ∘ tanh(c_t)
 */
export const peepholeLstm = cell({
  name: "peepholeLstm",
  states: ["h", "c"],
  sums: ["input", "forget", "candidate", "output"],
  vectors: ["inputPeephole", "forgetPeephole", "outputPeephole"],
  step(m, { input, forget, candidate, output }, { c }, vectors) {
    const i = m.sigmoid(m.add(input, m.mul(vectors.inputPeephole, c)));
    const f = m.sigmoid(m.add(forget, m.mul(vectors.forgetPeephole, c)));
    const next = m.add(m.mul(f, c), m.mul(i, m.tanh(candidate)));
    const o = m.sigmoid(m.add(output, m.mul(vectors.outputPeephole, next)));
    return { h: m.mul(o, m.tanh(next)), c: next };
  },
});
