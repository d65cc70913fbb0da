/**
 * Recurrent layers over whole sequences: rnn, lstm and gru, each with a gradient that walks the steps backwards
 * (back-propagation through time, Werbos 1990). The input's part of every step is one product outside, x·W + b; the ops
 * walk what cannot be done at once; those whose names end in Layers walk several at once. Equations are in the file of each.
 */
import { gru, gruGrad } from "./gru.ts";
import { gruLayers, gruLayersGrad } from "./gru-layers.ts";
import { lstm, lstmGrad } from "./lstm.ts";
import { lstmLayers, lstmLayersGrad } from "./lstm-layers.ts";
import type { OpTable } from "./op.ts";
import { rnn, rnnGrad } from "./rnn.ts";
import { rnnLayers, rnnLayersGrad } from "./rnn-layers.ts";
import type { LayersOp } from "./vocabulary.ts";

export type RecurrentOp = "rnn" | "rnnGrad" | "lstm" | "lstmGrad" | "gru" | "gruGrad";

export const recurrentOps = { rnn, rnnGrad, lstm, lstmGrad, gru, gruGrad } satisfies Pick<
  OpTable,
  RecurrentOp
>;

export const layersOps = {
  rnnLayers,
  rnnLayersGrad,
  lstmLayers,
  lstmLayersGrad,
  gruLayers,
  gruLayersGrad,
} satisfies Pick<OpTable, LayersOp>;
