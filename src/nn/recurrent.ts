/** Stacks of recurrent layers: what rnn, lstm and gru have in common. */
import { anything, callable, checkOptions, count, flag, number, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  concat,
  describe,
  dropout as drop,
  type LayersOptions,
  type SequenceOptions,
  Tensor,
  tensor,
  transpose,
} from "../functions.ts";
import { checkTensor, isWatched } from "../internals.ts";
import { module } from "./define.ts";
import type { Mode, Module, State, Stepped } from "./module.ts";
import { observe } from "./observe.ts";
import { checkCounts, checkProbability, INITIALISE_RULES } from "./options.ts";
import { walkInParts } from "./recurrent-parts.ts";
import {
  makeWeights,
  parametersOf,
  type WeightOptions,
  type Weights,
} from "./recurrent-weights.ts";

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

export interface RecurrentModule extends Module {
  /**
   * Walks whole sequences of different lengths, from any state. The state is one tensor [B, H] for each layer and
   * direction (of an lstm two, h and c), layer 0 forward first.
   * @throws ArgumentError where a length or the number of states is wrong, ShapeError where a state's shape is
   */
  run(x: Tensor, options?: SequenceRun): Stepped;
}

export const RECURRENT_RULES = {
  ...INITIALISE_RULES,
  initialiseBias: callable,
  layers: count,
  dropout: number,
  batchFirst: flag,
  bidirectional: flag,
  checkpoint: flag,
};

/** What tells one kind of recurrent layer from another. */
export interface Cell {
  readonly kind: "rnn" | "lstm" | "gru";
  readonly gates: 1 | 3 | 4;
  /** Tensors in the state of one layer and direction. */
  readonly states: 1 | 2;
  walk(
    x: Tensor,
    weights: Weights,
    state: State | undefined,
    options: SequenceOptions,
  ): { readonly y: Tensor; readonly state: State };
  /** Layers of one size at once, one above the other or side by side. */
  walkTogether(
    x: Tensor,
    weights: readonly Weights[],
    states: readonly State[] | undefined,
    options: LayersOptions,
  ): { readonly ys: readonly Tensor[]; readonly states: readonly State[] };
}

export function recurrentModule(
  cell: Cell,
  inputs: number,
  hidden: number,
  options: RecurrentOptions,
): RecurrentModule {
  const { layers = 1, dropout = 0, batchFirst = false, bidirectional = false } = options;
  const { kind, gates } = cell;
  checkCounts(kind, { inputs, hidden, layers });
  checkProbability(kind, dropout);
  const directions = bidirectional ? 2 : 1;
  const sizes = { inputs, hidden, layers, directions, gates } as const;
  const weights = makeWeights(kind, sizes, options);
  const stateCount = weights.length * cell.states;
  const turn = (x: Tensor) => (batchFirst ? transpose(x, [1, 0, 2]) : x);
  const title = `${kind}(${inputs}, ${hidden}${layers === 1 ? "" : `, ${layers} layers`}${bidirectional ? ", both directions" : ""})`;

  function walkAll(sequence: Tensor, run: SequenceRun, { isTraining }: Mode): Stepped {
    checkSequence(title, sequence, inputs, batchFirst);
    const x = turn(sequence);
    checkState(title, run.state, stateCount, [x.shape[1] ?? 0, hidden]);
    const lengths = lengthsOf(title, run.lengths, x);
    const given = statesOf(run.state, cell.states);
    // A flow is that of one layer at a time, and so are the parts of a sequence.
    const isApart = options.checkpoint === true || isWatched();
    const isDropping = isTraining && dropout > 0;
    if (layers > 1 && !bidirectional && !isDropping && !isApart) {
      const walk = { arrangement: "above", ...(lengths && { lengths }) } as const;
      const { ys, states } = cell.walkTogether(x, weights, given, walk);
      return { y: turn(ys.at(-1) ?? x), state: states.flat() };
    }
    const next: Tensor[] = [];
    let below = x;
    for (let layer = 0; layer < layers; layer++) {
      if (layer > 0 && isDropping) below = drop(below, dropout);
      const first = layer * directions;
      const own = weights.slice(first, first + directions);
      const from = given?.slice(first, first + directions);
      const { ys, states } =
        bidirectional && !isApart
          ? cell.walkTogether(below, own, from, {
              arrangement: "sides",
              ...(lengths && { lengths }),
            })
          : walkApart(below, layer, own, from, lengths);
      next.push(...states.flat());
      below = ys.length === 1 && ys[0] !== undefined ? ys[0] : concat(ys, -1);
    }
    return { y: turn(below), state: next };
  }

  /** The directions of one layer, one after the other. */
  function walkApart(
    x: Tensor,
    layer: number,
    weights: readonly Weights[],
    states: readonly State[] | undefined,
    lengths: Tensor | undefined,
  ): ReturnType<Cell["walkTogether"]> {
    const walked = weights.map((own, d) => {
      const name = `${kind} l${layer}${d === 1 ? " reverse" : ""}`;
      const walk = { reverse: d === 1, name, ...(lengths && { lengths }) };
      const part = (steps: Tensor, from: State | undefined, how: SequenceOptions) =>
        cell.walk(steps, own, from, how);
      return options.checkpoint === true
        ? walkInParts(part, x, states?.[d], walk)
        : part(x, states?.[d], walk);
    });
    return { ys: walked.map(({ y }) => y), states: walked.map(({ state }) => state) };
  }

  const self = module(kind, {
    description: title,
    timeAxis: batchFirst ? 1 : 0,
    parameters: parametersOf(weights, sizes),
    stateShapes: (batchSize) =>
      bidirectional ? [] : Array.from({ length: stateCount }, () => [batchSize, hidden]),
    step: (x, state, mode) => {
      const { y, state: next } = walkAll(x, bidirectional ? {} : { state }, mode);
      return { y, state: bidirectional ? [] : next };
    },
  });
  return Object.assign(self, {
    run(x: Tensor, options: SequenceRun = {}): Stepped {
      checkTensor(kind, x);
      checkOptions(`${kind}.run`, options, { state: anything, lengths: anything });
      const walked = walkAll(x, options, self.mode);
      observe(self, walked.y);
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
  if (x.shape.length === 3 && x.shape[2] === inputs) return;
  throw new ShapeError(
    `${kindOf(title)}: the input must be a sequence [${batchFirst ? "B, T" : "T, B"}, ${inputs}]; got ${describe(x.type)} for ${title}. Its last dimension is the features of one step.`,
  );
}

function checkState(
  title: string,
  state: State | undefined,
  count: number,
  [batch, hidden]: readonly [batch: number, hidden: number],
): void {
  if (state === undefined) return;
  for (const held of Array.isArray(state) ? state : []) checkTensor(kindOf(title), held, "a state");
  if (state.length !== count) {
    throw new ArgumentError(
      `${kindOf(title)}: the state must have ${count} tensors; got ${state.length} for ${title}. Give what run() or step() returned.`,
    );
  }
  for (const [i, { shape, type }] of state.entries()) {
    if (shape.length === 2 && shape[0] === batch && shape[1] === hidden) continue;
    throw new ShapeError(
      `${kindOf(title)}: every state must be [B, H] = [${batch}, ${hidden}]; got ${describe(type)} as state ${i} for ${title}. The batch of the sequence and of the state is one and the same.`,
    );
  }
}

function lengthsOf(title: string, lengths: SequenceRun["lengths"], x: Tensor): Tensor | undefined {
  if (lengths === undefined || lengths instanceof Tensor) return lengths;
  const [steps = 0, batch = 0] = x.shape;
  const given = Array.from(lengths ?? []);
  if (given.length !== batch) {
    throw new ArgumentError(
      `${kindOf(title)}: there must be one length for each of the ${batch} sequences; got ${given.length} lengths for ${describe(x.type)}. Sequences that fill all steps have length ${steps}.`,
    );
  }
  const wrong = given.findIndex((n) => !(Number.isInteger(n) && n >= 0 && n <= steps));
  if (wrong >= 0) {
    throw new ArgumentError(
      `${kindOf(title)}: every length must be a whole number from 0 to T = ${steps}; got ${shown(given[wrong])} for sequence ${wrong}. Lengths count steps, and need no order.`,
    );
  }
  return tensor(Int32Array.from(given), [batch]);
}

function kindOf(title: string): string {
  return title.slice(0, title.indexOf("("));
}
