/** Stacks of recurrent layers, of any cell. */
import {
  anything,
  callable,
  check,
  checkOptions,
  count,
  flag,
  list,
  number,
  rule,
} from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  type Cell,
  concat,
  describe,
  dropout as drop,
  type SequenceOptions,
  type Tensor,
  transpose,
  recurrent as walk,
} from "../functions.ts";
import { checkTensor, isCell, nextNodeId } from "../internals.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Making, Mode, Module, State, Stepped } from "./module.ts";
import { observe } from "./observe.ts";
import { checkCounts, checkProbability, INITIALISE_RULES, lasting } from "./options.ts";
import { walkInParts } from "./recurrent-parts.ts";
import { walkProjection } from "./recurrent-projection.ts";
import {
  cellWeights,
  makeWeights,
  parametersOf,
  type WeightOptions,
  type Weights,
} from "./recurrent-weights.ts";
import { asLengths } from "./sequence-lengths.ts";

/** How recurrent layers are made. */
export interface RecurrentOptions extends WeightOptions {
  /** One above the other: each takes the hidden states of the one before; 1. */
  readonly layers?: number;
  /** Share of elements dropped between layers while training; 0. */
  readonly dropout?: number;
  /** x is [B, T, I] and y is [B, T, H]. The state is [B, H] either way. */
  readonly batchFirst?: boolean;
  /**
   * A second set of weights walks every layer from the end; y is then [T, B, 2H], forward first. What comes later is
   * not known in a window, so such a layer carries no state from one to the next: `run` takes and gives it.
   */
  readonly bidirectional?: boolean;
  /**
   * For long sequences: the gates of about √T steps are kept at a time rather than those of all, and computed again in
   * the backward pass. Costs one more forward pass.
   */
  readonly checkpoint?: boolean;
}

/** What a recurrent layer can be told of the sequences that it walks. */
export interface SequenceRun {
  /** As `run` returned it; zeros where it is missing. */
  readonly state?: State | undefined;
  /**
   * How many steps each sequence of the batch has, 0 … T, in any order: whole numbers, or i32[B] where they are data of
   * a compiled step. Behind the end y is 0, the state stays, and no gradient comes from there; what x holds there does
   * not matter, as long as it is finite.
   */
  readonly lengths?: Tensor | ArrayLike<number> | undefined;
}

/** A recurrent layer, which can also be walked from any state and over sequences of different lengths. */
export interface RecurrentModule extends Module {
  /**
   * Walks whole sequences of different lengths, from any state. The state is one tensor [B, H] for each layer and
   * direction (of an lstm two, h and c), layer 0 forward first.
   * @throws DTypeError for what is not f32, ArgumentError where a length or the number of states is wrong,
   *   ShapeError where a state's shape is
   */
  run(x: Tensor, options?: SequenceRun): Stepped;
}

const depth = rule(
  "a whole number from 1 to 1,000",
  (value) => count.holds(value) && Number(value) <= 1_000,
);

const RECURRENT_RULES = {
  ...INITIALISE_RULES,
  initialiseBias: callable,
  layers: depth,
  dropout: number,
  batchFirst: flag,
  bidirectional: flag,
  checkpoint: flag,
};
/** Of layers that PyTorch has. */
export const CELL_RULES = { ...RECURRENT_RULES, secondBias: flag };

/** Beside what all recurrent layers can be told. */
export interface CellOptions extends RecurrentOptions {
  /**
   * Two biases that are trained apart, bias_ih and bias_hh, as PyTorch has them: an optimizer like Adam moves their sum twice
   * as far. One bias, which says the same, where nothing is said.
   */
  readonly secondBias?: boolean;
}

/**
 * Layers of a cell over whole sequences: x f32[T, B, inputs] → y f32[T, B, units], the first state of the last layer at
 * every step. With everything that `lstm` has, which is this of the lstm's cell: layers, directions, lengths, checkpoints,
 * windows and stateful inference. The state has the cell's states of every layer, [B, units] each. A state dict
 * holds weight_ih, weight_hh, bias_ih and, of a cell with sums and no second product, bias_hh, which is added to it, and the
 * cell's vectors, each with _l0, _l0_reverse, _l1 …, gates outermost.
 *
 * ```ts
 * const layer = nn.recurrent(cells.peepholeLstm, 8, 64, { layers: 2 });
 * ```
 *
 * @throws ArgumentError for what is no cell, and for sizes and options that break a rule
 */
export function recurrent(
  cell: Cell,
  inputs: number,
  units: number,
  options: RecurrentOptions = {},
): RecurrentModule {
  check("recurrent", "the cell", cell, isCell, "Make one with cell({ name, states, sums, step }).");
  checkOptions(cell.name, options, RECURRENT_RULES);
  return recurrentModule(cell, inputs, units, options, [
    "recurrent",
    cell,
    inputs,
    units,
    lasting(options),
  ]);
}

export function recurrentModule(
  cell: Cell,
  inputs: number,
  hidden: number,
  options: CellOptions & { readonly projection?: number },
  made: Making,
): RecurrentModule {
  const { layers = 1, dropout = 0, batchFirst = false, bidirectional = false } = options;
  const { projection } = options;
  const kind = cell.name;
  checkCounts(kind, { inputs, hidden, layers });
  checkProbability(kind, dropout);
  const directions = bidirectional ? 2 : 1;
  const hasSecondBias = options.secondBias ?? false;
  const sizes = { inputs, hidden, layers, directions, cell, hasSecondBias, projection } as const;
  /** Numbers of each state of a layer and direction. */
  const widths = cell.states.map((_, s) => (s === 0 ? (projection ?? hidden) : hidden));
  const weights = makeWeights(kind, sizes, options);
  const turn = (x: Tensor) => (batchFirst ? transpose(x, [1, 0, 2]) : x);
  const title = `${kind}(${inputs}, ${hidden}${layers === 1 ? "" : `, ${layers} layers`}${bidirectional ? ", both directions" : ""})`;

  function walkAll(sequence: Tensor, run: SequenceRun, { isTraining }: Mode): Stepped {
    checkSequence(title, sequence, inputs, batchFirst);
    const x = turn(sequence);
    checkState(title, run.state, weights.length, widths, x.shape[1] ?? 0);
    const lengths = asLengths(kindOf(title), run.lengths, x.shape);
    const given = statesOf(run.state, cell.states.length);
    const next: Tensor[] = [];
    let below = x;
    for (let layer = 0; layer < layers; layer++) {
      if (layer > 0 && isTraining && dropout > 0) below = drop(below, dropout);
      const first = layer * directions;
      const ys = weights.slice(first, first + directions).map((own, d) => {
        const name = `${kind} l${layer}${d === 1 ? " reverse" : ""}`;
        const how = { reverse: d === 1, name, ...(lengths && { lengths }) };
        const { y, state } = walkLayer(below, own, given?.[first + d], how);
        next.push(...state);
        return y;
      });
      below = ys.length === 1 && ys[0] !== undefined ? ys[0] : concat(ys, -1);
    }
    return { y: turn(below), state: next };
  }

  function walkLayer(
    x: Tensor,
    weights: Weights,
    from: State | undefined,
    how: SequenceOptions,
  ): { readonly y: Tensor; readonly state: State } {
    const own = cellWeights(weights, sizes);
    const { projection } = weights;
    const part = (steps: Tensor, state: State | undefined, options: SequenceOptions) => {
      if (projection !== undefined && own.recurrent !== undefined)
        return walkProjection(
          steps,
          { ...own, recurrent: own.recurrent, projection },
          state,
          options,
        );
      const initial =
        state && Object.fromEntries(cell.states.map((of, s) => [of, state[s] ?? steps]));
      const walked = walk(cell, steps, own, initial, options);
      return { y: walked.y, state: Object.values(walked.state) };
    };
    return options.checkpoint === true ? walkInParts(part, x, from, how) : part(x, from, how);
  }

  const self = module(kind, {
    description: title,
    timeAxis: batchFirst ? 1 : 0,
    made,
    parameters: parametersOf(weights, sizes),
    stateShapes: (batchSize) =>
      bidirectional ? [] : weights.flatMap(() => widths.map((width) => [batchSize, width])),
    step: (x, state, mode) => {
      const { y, state: next } = walkAll(x, bidirectional ? {} : { state }, mode);
      return { y, state: bidirectional ? [] : next };
    },
  });
  return Object.assign(self, {
    run(x: Tensor, options: SequenceRun = {}): Stepped {
      checkTensor(kind, x);
      checkOptions(`${kind}.run`, options, { state: anything, lengths: anything });
      const from = nextNodeId();
      const walked = walkAll(x, options, self.mode);
      observe(self, walked.y, from);
      return walked;
    },
  });
}

/** The state of each layer and direction. */
function statesOf(state: State | undefined, count: number): State[] | undefined {
  return (
    state &&
    Array.from({ length: state.length / count }, (_, i) => state.slice(i * count, (i + 1) * count))
  );
}

function checkSequence(title: string, x: Tensor, inputs: number, batchFirst: boolean): void {
  if (!(x.shape.length === 3 && x.shape[2] === inputs)) {
    throw new ShapeError(
      `${kindOf(title)}: the input must be a sequence [${batchFirst ? "B, T" : "T, B"}, ${inputs}]; got ${describe(x.type)} for ${title}. Its last dimension is the features of one step.`,
    );
  }
  if (x.shape[batchFirst ? 1 : 0] === 0) {
    throw new ShapeError(
      `${kindOf(title)}: a sequence must have at least one step; got ${describe(x.type)} for ${title}. Leave it out.`,
    );
  }
  checkFloats(kindOf(title), x);
}

function checkState(
  title: string,
  state: State | undefined,
  layers: number,
  widths: readonly number[],
  batch: number,
): void {
  if (state === undefined) return;
  check(kindOf(title), "the state", state, list, "Give what run() or step() returned.");
  for (const held of state) checkTensor(kindOf(title), held, "a state");
  const count = layers * widths.length;
  if (state.length !== count) {
    throw new ArgumentError(
      `${kindOf(title)}: the state must have ${count} tensors; got ${state.length} for ${title}. Give what run() or step() returned.`,
    );
  }
  for (const [i, { shape, type }] of state.entries()) {
    const width = widths[i % widths.length];
    if (shape.length === 2 && shape[0] === batch && shape[1] === width) continue;
    throw new ShapeError(
      `${kindOf(title)}: every state must be [B, H] = [${batch}, ${width}]; got ${describe(type)} as state ${i} for ${title}. The batch of the sequence and of the state is one and the same.`,
    );
  }
}

function kindOf(title: string): string {
  return title.slice(0, title.indexOf("("));
}
