/** Every kind of recurrent layer, for what holds for all of them. */
import * as nn from "../../src/nn/index.ts";

export const recurrentKinds = ["rnn with tanh", "rnn with relu", "lstm", "gru"] as const;

/** Of the lstm with a projection, see nn/recurrent-projection.ts. */
export const PROJECTION = 4;

export type RecurrentKind = (typeof recurrentKinds)[number];
export type GoldenKind = RecurrentKind | "lstm with projection";

export const recurrentLayers: Readonly<Record<GoldenKind, typeof nn.gru>> = {
  "rnn with tanh": nn.rnn,
  "rnn with relu": (inputs, hidden, options) =>
    nn.rnn(inputs, hidden, { ...options, activation: "relu" }),
  lstm: nn.lstm,
  gru: nn.gru,
  "lstm with projection": (inputs, hidden, options) =>
    nn.lstm(inputs, hidden, { ...options, projection: PROJECTION }),
};
