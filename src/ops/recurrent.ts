/**
 * Recurrent layers over whole sequences: rnn, lstm and gru, each with a gradient that walks the steps backwards
 * (back-propagation through time, Werbos 1990). The input's part of every step is one product outside, x·W + b; the ops
 * walk what cannot be done at once. Equations are in the file of each.
 */
import { gru, gruGrad } from "./gru.ts";
import { lstm, lstmGrad } from "./lstm.ts";
import type { OpTable } from "./op.ts";
import { rnn, rnnGrad } from "./rnn.ts";

export type RecurrentOp = "rnn" | "rnnGrad" | "lstm" | "lstmGrad" | "gru" | "gruGrad";

export const recurrentOps = { rnn, rnnGrad, lstm, lstmGrad, gru, gruGrad } satisfies Pick<
  OpTable,
  RecurrentOp
>;
