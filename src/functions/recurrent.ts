import { anything, checkOptions, flag, oneOf, text } from "../arguments.ts";
import { emit, type GraphValue } from "../graph/graph.ts";
import type { Value } from "../ops/op.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensors, wrap } from "./apply.ts";
import { zeros } from "./creation.ts";
import { checkSequence, checkState, final, outputs, project } from "./recurrent-walk.ts";
import { isWatched, noteWalk, type Walk } from "./recurrent-watch.ts";

/** How a recurrent layer walks a sequence. */
export interface SequenceOptions {
  /** From the last step to the first; the final state is then that of step 0. */
  readonly reverse?: boolean;
  /**
   * i32[B]: how many steps each sequence has. Behind its end a sequence keeps its state, its y is 0 and no gradient
   * comes from there; what x holds there does not matter, as long as it is finite. Walked in reverse, it begins at its
   * own end.
   */
  readonly lengths?: Tensor;
  /** What `gradientFlow` calls the layer; the kind of cell where nothing is said. */
  readonly name?: string;
}

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
  /** [H]: what is added to h·R_n, inside the reset gate's product */
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
  readonly h: Tensor;
}
export type GruState = RnnState;
/** [B, H] each. */
export interface LstmState {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** h at every step, f32[T, B, H], and the state behind the last step of the walk. */
export interface Walked<S> {
  readonly y: Tensor;
  readonly state: S;
}

/**
 * One simple recurrent layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H].
 * h_t = φ(x_t·W + h·R + b), φ = tanh or relu. Elman 1990.
 */
export function rnn(
  x: Tensor,
  weights: RnnWeights,
  initial?: RnnState,
  options: SequenceOptions & { readonly activation?: "tanh" | "relu" } = {},
): Walked<RnnState> {
  checkOptions("rnn", options, { ...SEQUENCE_RULES, activation: oneOf("tanh", "relu") });
  const { activation = "tanh" } = options;
  const { h, ...walk } = begin("rnn", x, weights, initial, options);
  const projected = project(x, weights.input, weights.bias);
  const { states } = emit(
    "rnn",
    { projected: projected.value, recurrent: weights.recurrent.value, h0: h.value, ...walk.ins },
    { activation, ...walk.attrs },
  );
  note("rnn", options, walk, states, undefined);
  return {
    y: outputs(wrap(states), walk.attrs.reverse, walk.lengths),
    state: { h: final(wrap(states), walk.attrs.reverse) },
  };
}

/**
 * One GRU layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H].
 * r, z = σ(x_t·W + h·R + b); n = tanh(x_t·W_n + b_n + r∘(h·R_n + candidateBias)); h_t = (1 − z)∘n + z∘h. Cho et al.
 * 2014, with the reset after the product as in PyTorch and cuDNN.
 */
export function gru(
  x: Tensor,
  weights: GruWeights,
  initial?: GruState,
  options: SequenceOptions = {},
): Walked<GruState> {
  checkOptions("gru", options, SEQUENCE_RULES);
  const { h, ...walk } = begin("gru", x, weights, initial, options);
  const projected = project(x, weights.input, weights.bias);
  const { states, gates } = emit(
    "gru",
    {
      projected: projected.value,
      recurrent: weights.recurrent.value,
      bias: weights.candidateBias.value,
      h0: h.value,
      ...walk.ins,
    },
    walk.attrs,
  );
  note("gru", options, walk, states, gates);
  return {
    y: outputs(wrap(states), walk.attrs.reverse, walk.lengths),
    state: { h: final(wrap(states), walk.attrs.reverse) },
  };
}

/**
 * One LSTM layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H].
 * i, f, o = σ(x_t·W + h·R + b), g = tanh(…); c_t = f∘c + i∘g; h_t = o∘tanh(c_t).
 * Hochreiter & Schmidhuber 1997, with forget gates.
 */
export function lstm(
  x: Tensor,
  weights: LstmWeights,
  initial?: LstmState,
  options: SequenceOptions = {},
): Walked<LstmState> {
  checkOptions("lstm", options, SEQUENCE_RULES);
  const { h, ...walk } = begin("lstm", x, weights, initial, options);
  const c = initial?.c ?? zeros(h.shape);
  const projected = project(x, weights.input, weights.bias);
  const { states, cells, gates } = emit(
    "lstm",
    {
      projected: projected.value,
      recurrent: weights.recurrent.value,
      h0: h.value,
      c0: c.value,
      ...walk.ins,
    },
    walk.attrs,
  );
  note("lstm", options, walk, cells, gates);
  return {
    y: outputs(wrap(states), walk.attrs.reverse, walk.lengths),
    state: {
      h: final(wrap(states), walk.attrs.reverse),
      c: final(wrap(cells), walk.attrs.reverse),
    },
  };
}

const SEQUENCE_RULES = { reverse: flag, lengths: anything, name: text };

interface Begun {
  readonly ins: { readonly lengths: Tensor["value"] | undefined };
  readonly attrs: { readonly reverse: boolean; readonly flow: boolean };
  readonly lengths: Tensor | undefined;
}

/** The state that the walk begins with and what the op is told of it. */
function begin(
  cell: Walk["cell"],
  x: Tensor,
  weights: RnnWeights,
  initial: RnnState | undefined,
  { reverse = false, lengths }: SequenceOptions,
): Begun & { readonly h: Tensor } {
  checkSequence(cell, x, weights, cell === "gru");
  if (initial !== undefined) checkState(cell, initial, cell === "lstm");
  checkTensors(cell, { lengths });
  const [, B = 0] = x.shape;
  const h = initial?.h ?? zeros([B, weights.recurrent.shape[0] ?? 0]);
  return { h, ins: { lengths: lengths?.value }, attrs: { reverse, flow: isWatched() }, lengths };
}

function note(
  cell: Walk["cell"],
  { name = cell }: SequenceOptions,
  { attrs, lengths }: Begun,
  tape: Value,
  gates: Value | undefined,
): void {
  // Whatever `emit` returns is a graph value: ops see only their types.
  const [tapeValue, gateValue] = [tape as GraphValue, gates as GraphValue | undefined];
  const { reverse } = attrs;
  noteWalk({ name, cell, reverse, tape: tapeValue, gates: gateValue, lengths: lengths?.value });
}
