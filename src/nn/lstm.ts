import { checkOptions, count } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { cells } from "../functions.ts";
import { lasting } from "./options.ts";
import {
  CELL_RULES,
  type CellOptions,
  type RecurrentModule,
  recurrentModule,
} from "./recurrent.ts";

/** How `nn.lstm` is made. */
export interface LstmOptions extends CellOptions {
  /**
   * The hidden state is projected to so many numbers, fewer than `hidden`: h_t = (o∘tanh(c_t))·P. y is then [T, B, projection],
   * and so is h of the state; PyTorch's proj_size, weight_hr in the state dict. Sak et al. 2014.
   */
  readonly projection?: number;
}

/**
 * LSTM over whole sequences: x f32[T, B, I] → y f32[T, B, H], the hidden state of the last layer at every step.
 * For each layer and step: a = x_t·W + h_{t−1}·R + b, gates i, f, o = σ(a), g = tanh(a), c_t = f∘c_{t−1} + i∘g,
 * h_t = o∘tanh(c_t). The state is h and c of every layer, [h₀, c₀, h₁, c₁, …], each [B, H].
 * There is one bias where PyTorch has two that say the same: a state dict holds it as bias_ih, and bias_hh is zero;
 * the two are added when one is loaded. Hochreiter & Schmidhuber 1997, Gers et al. 2000.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for x of another form or other features, DTypeError unless it is f32
 */
export function lstm(inputs: number, hidden: number, options: LstmOptions = {}): RecurrentModule {
  checkOptions("lstm", options, { ...CELL_RULES, projection: count });
  const { projection } = options;
  if (projection !== undefined && !(projection < hidden)) {
    throw new ArgumentError(
      `lstm: the projection must be to fewer numbers than there are units, ${hidden}; got ${projection}. Leave it out where none is wanted.`,
    );
  }
  const made = ["lstm", inputs, hidden, lasting(options)] as const;
  return recurrentModule(cells.lstm, inputs, hidden, options, made);
}
