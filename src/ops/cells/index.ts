/** The cells that there are, a page each: what `recurrent` and `nn.recurrent` walk. */
export { coupledLstm } from "./coupled-lstm.ts";
export { gru } from "./gru.ts";
export { lstm } from "./lstm.ts";
export { minGru } from "./min-gru.ts";
export { minimalGatedUnit } from "./minimal-gated-unit.ts";
export { peepholeLstm } from "./peephole-lstm.ts";
export { resetBeforeGru } from "./reset-before-gru.ts";
export { rnn } from "./rnn.ts";
export { slstm } from "./slstm.ts";
