import { checkOptions, oneOf } from "../arguments.ts";
import { cells } from "../functions.ts";
import { lasting } from "./options.ts";
import {
  CELL_RULES,
  type CellOptions,
  type RecurrentModule,
  recurrentModule,
} from "./recurrent.ts";

/** How `nn.rnn` is made. */
export interface RnnOptions extends CellOptions {
  /** φ; tanh where nothing is said. */
  readonly activation?: "tanh" | "relu";
}

/**
 * The simple recurrent layer over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer
 * at every step, h_t = φ(x_t·W + h_{t−1}·R + b). The state is h of every layer, each [B, H]. There is one bias where
 * PyTorch has two that say the same: see lstm. Elman 1990.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for x of another form or other features, DTypeError unless it is f32
 */
export function rnn(inputs: number, hidden: number, options: RnnOptions = {}): RecurrentModule {
  checkOptions("rnn", options, { ...CELL_RULES, activation: oneOf("tanh", "relu") });
  const { activation = "tanh" } = options;
  const made = ["rnn", inputs, hidden, lasting(options)] as const;
  return recurrentModule(cells.rnn[activation], inputs, hidden, options, made);
}
