import { checkOptions } from "../arguments.ts";
import { cells } from "../functions.ts";
import { lasting } from "./options.ts";
import {
  CELL_RULES,
  type CellOptions,
  type RecurrentModule,
  recurrentModule,
} from "./recurrent.ts";

/**
 * GRU over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer at every step.
 * For each layer and step: r, z = σ(x_t·W + h_{t−1}·R + b), n = tanh(x_t·W_n + b_n + r∘(h_{t−1}·R_n + b_hn)),
 * h_t = (1 − z)∘n + z∘h_{t−1}: the reset comes after the product, as in PyTorch and cuDNN. The state is h of every
 * layer, each [B, H]. Of PyTorch's two biases those of r and z are one here: a state dict holds their sum as bias_ih,
 * and they are added when one is loaded. Cho et al. 2014.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for x of another form or other features, DTypeError unless it is f32
 */
export function gru(inputs: number, hidden: number, options: CellOptions = {}): RecurrentModule {
  checkOptions("gru", options, CELL_RULES);
  const made = ["gru", inputs, hidden, lasting(options)] as const;
  return recurrentModule(cells.gru, inputs, hidden, options, made);
}
