import { check, checkOptions, oneOf, record } from "../arguments.ts";
import { gru as gruCell } from "../ops/cells/gru.ts";
import { lstm as lstmCell } from "../ops/cells/lstm.ts";
import { rnn as rnnCell } from "../ops/cells/rnn.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensor } from "./apply.ts";
import { reshape } from "./movement.ts";
import { recurrent, SEQUENCE_RULES, type SequenceOptions, type Walked } from "./recurrence.ts";
import { checkSequence } from "./recurrent-walk.ts";

/** Weights of one simple recurrent layer. I inputs, H hidden units. */
export interface RnnWeights {
  /** [I, H] */
  readonly input: Tensor;
  /** [H, H], as [previous unit][unit] */
  readonly recurrent: Tensor;
  /** [H] */
  readonly bias: Tensor;
}

/** Weights of one GRU layer, gates interleaved innermost in the order r, z, n. */
export interface GruWeights {
  /** [I, H, 3] */
  readonly input: Tensor;
  /** [H, H, 3], as [previous unit][unit][gate] */
  readonly recurrent: Tensor;
  /** [H, 3] */
  readonly bias: Tensor;
  /** f32[H]: what is added to h·R_n, inside the reset gate's product */
  readonly candidateBias: Tensor;
}

/** Weights of one LSTM layer, gates interleaved innermost in the order i, f, g, o. */
export interface LstmWeights {
  /** [I, H, 4] */
  readonly input: Tensor;
  /** [H, H, 4], as [previous unit][unit][gate] */
  readonly recurrent: Tensor;
  /** [H, 4] */
  readonly bias: Tensor;
}

/** [B, H] */
export interface RnnState {
  /** [B, H]. */
  readonly h: Tensor;
}
/** [B, H]. */
export type GruState = RnnState;
/** [B, H] each. */
export interface LstmState {
  /** [B, H]. */
  readonly h: Tensor;
  /** [B, H]. */
  readonly c: Tensor;
}

/**
 * One simple recurrent layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H].
 * h_t = φ(x_t·W + h·R + b), φ = tanh or relu. Elman 1990.
 * @throws ShapeError where x, weights, lengths or the first state do not fit each other; DTypeError unless they are
 *   f32, lengths i32; ArgumentError for weights that are missing, and for options that there are not
 */
export function rnn(
  x: Tensor,
  weights: RnnWeights,
  initial?: RnnState,
  options: SequenceOptions & { readonly activation?: "tanh" | "relu" } = {},
): Walked<RnnState> {
  checkOptions("rnn", options, { ...SEQUENCE_RULES, activation: oneOf("tanh", "relu") });
  const { activation = "tanh", ...walk } = options;
  checkSequence("rnn", x, weights);
  checkTensor("rnn", weights.recurrent, "recurrent");
  const wide = (of: Tensor) => reshape(of, [...of.shape, 1]);
  const { input, recurrent: own, bias } = weights;
  const whole = { input: wide(input), recurrent: wide(own), bias: wide(bias) };
  const { y, state } = recurrent(rnnCell[activation], x, whole, initial && { ...initial }, walk);
  return { y, state: { h: state.h ?? y } };
}

/**
 * One GRU layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H].
 * r, z = σ(x_t·W + h·R + b); n = tanh(x_t·W_n + b_n + r∘(h·R_n + candidateBias)); h_t = (1 − z)∘n + z∘h. Cho et al.
 * 2014, with the reset after the product as in PyTorch and cuDNN.
 * @throws ShapeError where x, weights, lengths or the first state do not fit each other; DTypeError unless they are
 *   f32, lengths i32; ArgumentError for weights that are missing, and for options that there are not
 */
export function gru(
  x: Tensor,
  weights: GruWeights,
  initial?: GruState,
  options: SequenceOptions = {},
): Walked<GruState> {
  check("gru", "the weights", weights, record);
  const { candidateBias, ...others } = weights;
  const whole = { ...others, vectors: { candidateBias } };
  const { y, state } = recurrent(gruCell, x, whole, initial && { ...initial }, options);
  return { y, state: { h: state.h ?? y } };
}

/**
 * One LSTM layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H].
 * i, f, o = σ(x_t·W + h·R + b), g = tanh(…); c_t = f∘c + i∘g; h_t = o∘tanh(c_t).
 * Hochreiter & Schmidhuber 1997, with forget gates.
 * @throws ShapeError where x, weights, lengths or the first state do not fit each other; DTypeError unless they are
 *   f32, lengths i32; ArgumentError for weights that are missing, and for options that there are not
 */
export function lstm(
  x: Tensor,
  weights: LstmWeights,
  initial?: LstmState,
  options: SequenceOptions = {},
): Walked<LstmState> {
  const { y, state } = recurrent(lstmCell, x, weights, initial && { ...initial }, options);
  return { y, state: { h: state.h ?? y, c: state.c ?? y } };
}
