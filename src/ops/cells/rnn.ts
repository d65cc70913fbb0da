import { type Cell, cell } from "./cell.ts";

const withActivation = (activation: "tanh" | "relu") =>
  cell({
    name: "rnn",
    states: ["h"],
    sums: ["sum"],
    step: (m, { sum }) => ({ h: m[activation](sum) }),
  });

/** The simple recurrent layer (Elman 1990): h_t = φ(x·W + h·R + b), by φ. */
export const rnn: Readonly<Record<"tanh" | "relu", Cell>> = {
  tanh: withActivation("tanh"),
  relu: withActivation("relu"),
};
