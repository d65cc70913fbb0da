import { cell } from "./cell.ts";

/**
 * sLSTM (Beck et al. 2024, "xLSTM"): an exponential input gate, a state n that normalises, and a state m that keeps the
 * exponentials in range, with a = x·W + h·R + b:
 *
 *   log f = log σ(a_f),  m_t = max(log f + m, a_i)
 *   i = exp(a_i − m_t),  f = exp(log f + m − m_t)
 *   c_t = f ∘ c + i ∘ tanh(a_z),  n_t = f ∘ n + i
 *   h_t = σ(a_o) ∘ c_t / n_t
 */
export const slstm = cell({
  name: "slstm",
  states: ["h", "c", "n", "m"],
  sums: ["input", "forget", "candidate", "output"],
  step(math, { input, forget, candidate, output }, { c, n, m }) {
    const kept = math.sub(m, math.softplus(math.neg(forget)));
    const most = math.max(kept, input);
    const i = math.exp(math.sub(input, most));
    const f = math.exp(math.sub(kept, most));
    const cell = math.add(math.mul(f, c), math.mul(i, math.tanh(candidate)));
    const norm = math.add(math.mul(f, n), i);
    const h = math.mul(math.sigmoid(output), math.div(cell, norm));
    return { h, c: cell, n: norm, m: most };
  },
});
