import { anything, check, checkOptions, list, oneOf, required } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { emit } from "../graph/graph.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensors, wrap } from "./apply.ts";
import { zeros } from "./creation.ts";
import type {
  GruState,
  GruWeights,
  LstmState,
  LstmWeights,
  RnnState,
  RnnWeights,
} from "./recurrent.ts";
import {
  checkSequence,
  checkState,
  checkWeights,
  final,
  outputs,
  project,
} from "./recurrent-walk.ts";

/** How recurrent layers of one size are walked together. */
export interface LayersOptions {
  /**
   * `above`: each takes what the one before it computes. `sides`: all take x; the first walks forwards, those after it
   * from the end, as the two directions of one layer do.
   */
  readonly arrangement: "above" | "sides";
  /** i32[B], as for a single layer. */
  readonly lengths?: Tensor;
}

/** What each layer computed, [T, B, H], and its state behind the last step of its walk. */
export interface WalkedLayers<S> {
  readonly ys: readonly Tensor[];
  readonly states: readonly S[];
}

/**
 * Simple recurrent layers over a whole sequence, x f32[T, B, I]. They mean what `rnn` means, one after the other; a
 * device may walk them as a wavefront, where layer l takes step t while the one below it takes step t + 1. The layers
 * have the same H.
 */
export function rnnLayers(
  x: Tensor,
  weights: readonly RnnWeights[],
  initial: readonly RnnState[] | undefined,
  options: LayersOptions & { readonly activation?: "tanh" | "relu" },
): WalkedLayers<RnnState> {
  checkOptions("rnnLayers", options, { ...LAYER_RULES, activation: oneOf("tanh", "relu") });
  const { activation = "tanh" } = options;
  const { reverse, ins } = begin("rnnLayers", x, weights, initial, options);
  const { states } = emit("rnnLayers", ins, { reverse, activation });
  return {
    ys: states.map((tape, l) => outputs(wrap(tape), reverse[l] ?? false, options.lengths)),
    states: states.map((tape, l) => ({ h: final(wrap(tape), reverse[l] ?? false) })),
  };
}

/** GRU layers over a whole sequence, as `rnnLayers` walks them; each means what `gru` means. */
export function gruLayers(
  x: Tensor,
  weights: readonly GruWeights[],
  initial: readonly GruState[] | undefined,
  options: LayersOptions,
): WalkedLayers<GruState> {
  checkOptions("gruLayers", options, LAYER_RULES);
  const { reverse, ins } = begin("gruLayers", x, weights, initial, options);
  const candidateBias = weights.map((own) => own.candidateBias.value);
  const { states } = emit("gruLayers", { ...ins, candidateBias }, { reverse });
  return {
    ys: states.map((tape, l) => outputs(wrap(tape), reverse[l] ?? false, options.lengths)),
    states: states.map((tape, l) => ({ h: final(wrap(tape), reverse[l] ?? false) })),
  };
}

/** LSTM layers over a whole sequence, as `rnnLayers` walks them; each means what `lstm` means. */
export function lstmLayers(
  x: Tensor,
  weights: readonly LstmWeights[],
  initial: readonly LstmState[] | undefined,
  options: LayersOptions,
): WalkedLayers<LstmState> {
  checkOptions("lstmLayers", options, LAYER_RULES);
  const { reverse, ins, start } = begin("lstmLayers", x, weights, initial, options);
  const c0 = weights.map((_, l) => (initial?.[l]?.c ?? start).value);
  const { states, cells } = emit("lstmLayers", { ...ins, c0 }, { reverse });
  return {
    ys: states.map((tape, l) => outputs(wrap(tape), reverse[l] ?? false, options.lengths)),
    states: states.map((tape, l) => ({
      h: final(wrap(tape), reverse[l] ?? false),
      c: final(wrap(cells[l] ?? tape), reverse[l] ?? false),
    })),
  };
}

const LAYER_RULES = { arrangement: required(oneOf("above", "sides")), lengths: anything };

/** The directions of the layers and what every cell's op is given; `start` is the state where none is given. */
function begin(
  op: string,
  x: Tensor,
  weights: readonly RnnWeights[],
  initial: readonly RnnState[] | undefined,
  { arrangement, lengths }: LayersOptions,
) {
  const isAbove = arrangement === "above";
  check(op, "the weights", weights, list);
  weights.forEach((own, l) => {
    if (l === 0 || !isAbove) checkSequence(op, x, own, op === "gruLayers");
    else checkWeights(op, own, op === "gruLayers");
  });
  checkStates(op, weights.length, initial);
  checkTensors(op, { lengths });
  const [, B = 0] = x.shape;
  const start = zeros([B, weights[0]?.recurrent.shape[0] ?? 0]);
  const values = (pick: (own: RnnWeights) => Tensor, of = weights) =>
    of.map((own) => pick(own).value);
  const above = isAbove ? weights.slice(1) : [];
  const ins = {
    projected: values(
      (own) => project(x, own.input, own.bias),
      isAbove ? weights.slice(0, 1) : weights,
    ),
    recurrent: values((own) => own.recurrent),
    input: values((own) => own.input, above),
    bias: values((own) => own.bias, above),
    h0: weights.map((_, l) => (initial?.[l]?.h ?? start).value),
    lengths: lengths?.value,
  };
  return { reverse: weights.map((_, l) => !isAbove && l > 0), ins, start };
}

function checkStates(op: string, layers: number, initial: readonly RnnState[] | undefined): void {
  if (initial === undefined) return;
  check(op, "the initial states", initial, list);
  for (const state of initial) checkState(op, state, op === "lstmLayers");
  if (initial.length === layers) return;
  throw new ArgumentError(
    `${op}: there must be an initial state for each of the ${layers} layers, or none; got ${initial.length}. Give zeros where a layer begins with nothing.`,
  );
}
