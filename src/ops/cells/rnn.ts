import { cell } from "./cell.ts";

/** The simple recurrent layer (Elman 1990): h_t = φ(x·W + h·R + b), φ = tanh or relu. */
export const rnn = (activation: "tanh" | "relu") =>
  cell({
    name: activation === "tanh" ? "rnn" : "rnn with relu",
    states: ["h"],
    sums: ["sum"],
    step: (m, { sum }) => ({ h: m[activation](sum) }),
  });
