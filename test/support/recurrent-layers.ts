/** Every kind of recurrent layer, for what holds for all of them. */
import * as nn from "../../src/nn/index.ts";

export const recurrentKinds = ["rnn with tanh", "rnn with relu", "lstm", "gru"] as const;

export type RecurrentKind = (typeof recurrentKinds)[number];

export const recurrentLayers: Readonly<Record<RecurrentKind, typeof nn.gru>> = {
  "rnn with tanh": nn.rnn,
  "rnn with relu": (inputs, hidden, options) =>
    nn.rnn(inputs, hidden, { ...options, activation: "relu" }),
  lstm: nn.lstm,
  gru: nn.gru,
};
