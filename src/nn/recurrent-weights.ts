/** The parameters of recurrent layers: made gates innermost, as the kernels like them, and saved as PyTorch's. */
import {
  add,
  type Cell,
  type CellWeights,
  type Key,
  mul,
  reshape,
  type Shape,
  slice,
  type Tensor,
  tensor,
  type Variable,
} from "../functions.ts";
import { type Fans, type Initialiser, uniform } from "./initialise.ts";
import type { Parameter, StateLayout } from "./module.ts";
import { type InitialiseOptions, keysOf, parameter } from "./options.ts";

/** One layer in one direction, of I inputs and H units; P numbers a unit from the input, G sums. */
export interface Weights {
  /** [I, H, P]; [I, H] where P and G are 1 and there is nothing to tell apart, as in an rnn */
  readonly input: Variable;
  /** [H, H, G], likewise; none where the cell has no sums */
  readonly recurrent: Variable | undefined;
  /** [H, P]: of the input, and of the state, too, where adding them says the same */
  readonly bias: Variable;
  /** [H, G]: of h·R, where there are two biases */
  readonly secondBias: Variable | undefined;
  /** [H, P] of an lstm whose states are projected; the recurrent weights are then [P, H, G] */
  readonly projection: Variable | undefined;
  /** [H] each, by the cell's names; those that the second bias holds are not among them */
  readonly vectors: Readonly<Record<string, Variable>>;
}

export interface WeightOptions extends InitialiseOptions {
  /** How the biases begin, as `initialise.remember`; U(−1/√units, 1/√units) where nothing is said. */
  readonly initialiseBias?: Initialiser;
}

export interface Sizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly directions: 1 | 2;
  readonly cell: Cell;
  /** Two biases that are trained apart, as PyTorch has them. */
  readonly hasSecondBias: boolean;
  /** Numbers of a state that is projected; undefined where it is the units' own. */
  readonly projection?: number | undefined;
}

/** A bias within h·R of one sum, which an rnn, an lstm and a gru have where there are two biases: PyTorch's bias_hh. */
const CANDIDATE_BIAS = "candidateBias";

const sumsOf = ({ sums, between }: Cell) => [...sums, ...(between?.sums ?? [])];
const isNarrow = (cell: Cell) => cell.inputs.length === 1 && sumsOf(cell).length === 1;

/** Weights by layer and direction: layer 0 forward, layer 0 reverse, layer 1 forward … */
export function makeWeights(kind: string, sizes: Sizes, options: WeightOptions): Weights[] {
  const { inputs, hidden, layers, directions, cell, hasSecondBias, projection } = sizes;
  const seen = projection ?? hidden;
  // PyTorch draws all parameters of its recurrent layers from this.
  const bound = uniform(1 / Math.sqrt(hidden));
  const { initialise = bound, initialiseBias = bound } = options;
  const key = keysOf(options.seed);
  const [columns, sums] = [cell.inputs.length, sumsOf(cell).length];
  const narrow = isNarrow(cell);
  const shape = (width: number, ...own: number[]) => (narrow ? own : [...own, width]);
  const count = layers * directions;
  const vectors = cell.vectors.filter((name) => !(hasSecondBias && name === CANDIDATE_BIAS));
  return Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / directions);
    const features = layer === 0 ? inputs : seen * directions;
    const suffix = `${layer}${index % directions === 1 ? "_reverse" : ""}`;
    const make = (name: string, own: Shape, fans: Fans, start: Initialiser, of: Key) =>
      parameter(`${kind}.${name}${suffix}`, own, start, fans, of);
    const bias = (name: string, own: Shape, of: Key) =>
      make(name, own, { in: hidden, out: hidden }, initialiseBias, of);
    // As PyTorch and Keras have it: one matrix, of all gates, whose rows may be orthogonal.
    const weight = (name: string, own: Shape, of: Key) => {
      const [rows = 1, ...others] = own;
      const matrix = [rows, others.reduce((a, b) => a * b, 1)] as const;
      const start: Initialiser = (_, ...how) => initialise(matrix, ...how);
      return make(name, own, { in: rows, out: matrix[1] }, start, of);
    };
    const keys = 4 * index;
    // Behind the four of each layer.
    const later = (v: number) => key(4 * count + 8 * index + v);
    return {
      input: weight("input", shape(columns, features, hidden), key(keys)),
      recurrent:
        sums === 0 ? undefined : weight("recurrent", shape(sums, seen, hidden), key(keys + 1)),
      bias: bias("bias", shape(columns, hidden), key(keys + 2)),
      secondBias: hasSecondBias
        ? bias("secondBias", shape(sums, hidden), key(keys + 3))
        : undefined,
      projection:
        projection === undefined ? undefined : weight("projection", [hidden, projection], later(7)),
      vectors: Object.fromEntries(
        vectors.map((name, v) => [
          name,
          bias(name, [hidden], v === 0 && !hasSecondBias ? key(keys + 3) : later(v)),
        ]),
      ),
    };
  });
}

/** As the cell takes them. */
export function cellWeights(weights: Weights, { cell, hidden }: Sizes): CellWeights {
  const { secondBias } = weights;
  const wide = (of: Tensor) => (isNarrow(cell) ? reshape(of, [...of.shape, 1]) : of);
  const bias = wide(weights.bias);
  const own = {
    input: wide(weights.input),
    recurrent: weights.recurrent && wide(weights.recurrent),
  };
  if (secondBias === undefined) return { ...own, bias, vectors: weights.vectors };
  const second = wide(secondBias);
  const sums = sumsOf(cell);
  // A sum of an input's name goes on from it, and so its bias may be added to the input's.
  const joint = sums.map((sum) => Number(cell.inputs.includes(sum)));
  const shared = joint.includes(0) ? mul(second, tensor(Float32Array.from(joint))) : second;
  const apart = joint.indexOf(0);
  const candidate = apart >= 0 && reshape(slice(second, [0, apart], [hidden, 1]), [hidden]);
  return {
    ...own,
    bias: add(bias, shared),
    vectors: { ...weights.vectors, ...(candidate && { [CANDIDATE_BIAS]: candidate }) },
  };
}

/** Under PyTorch's names and in its layouts: gates outermost, units within them. */
export function parametersOf(all: readonly Weights[], sizes: Sizes): Record<string, Parameter> {
  const { hidden, directions, cell } = sizes;
  const turned = isNarrow(cell) ? [1, 0] : [2, 1, 0];
  const named = all.flatMap((weights, index): [string, Parameter | undefined][] => {
    const { input, recurrent, bias, secondBias, vectors, projection } = weights;
    const suffix = `_l${Math.floor(index / directions)}${index % directions === 1 ? "_reverse" : ""}`;
    const saved = (variable: Variable | undefined, layout: StateLayout) =>
      variable && { variable, layout };
    const turnedMatrix = (name: string, variable: Variable | undefined, width: number) => {
      const shape = [width * hidden, variable?.shape[0] ?? 0];
      return saved(variable, { names: [`${name}${suffix}`], permutation: turned, shape });
    };
    const hr = { names: [`weight_hr${suffix}`], permutation: [1, 0] };
    return [
      [`weight_ih${suffix}`, turnedMatrix("weight_ih", input, cell.inputs.length)],
      [`weight_hh${suffix}`, turnedMatrix("weight_hh", recurrent, sumsOf(cell).length)],
      [`bias${suffix}`, saved(bias, biasLayout(sizes, suffix))],
      [`second_bias${suffix}`, saved(secondBias, wholeBias(sizes, `bias_hh${suffix}`))],
      [
        `weight_hr${suffix}`,
        saved(projection, { ...hr, shape: projection?.shape.toReversed() ?? [] }),
      ],
      ...Object.entries(vectors).map(([name, variable]): [string, Parameter] => [
        `${snake(name)}${suffix}`,
        vector(sizes, name, variable, suffix),
      ]),
    ];
  });
  return Object.fromEntries(
    named.flatMap(([name, parameter]) => (parameter === undefined ? [] : [[name, parameter]])),
  );
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function wholeBias({ hidden, cell }: Sizes, name: string): StateLayout {
  const shape = [cell.inputs.length * hidden];
  return { names: [name], permutation: isNarrow(cell) ? [0] : [1, 0], shape };
}

/**
 * PyTorch has two biases that are added where every sum goes on from an input; of a gru's gate n, whose product is reset in
 * between, only the first. Cells that PyTorch has not have one.
 */
function biasLayout(sizes: Sizes, suffix: string): StateLayout {
  const { hidden, cell, hasSecondBias } = sizes;
  const own = wholeBias(sizes, `bias_ih${suffix}`);
  const isAdded = (sum: string, g: number) => cell.inputs[g] === sum;
  const added = sumsOf(cell).filter(isAdded).length;
  if (hasSecondBias || added === 0 || cell.between !== undefined) return own;
  const { shape } = own;
  return {
    ...own,
    names: [...own.names, `bias_hh${suffix}`],
    pieces: [
      { shape, start: 0, count: shape[0] ?? 0 },
      { shape, start: 0, count: added * hidden },
    ],
  };
}

/** The bias within a sum is the part of PyTorch's bias_hh that its gate has. */
function vector(
  { hidden, cell }: Sizes,
  name: string,
  variable: Variable,
  suffix: string,
): Parameter {
  if (name !== CANDIDATE_BIAS) return { variable };
  const sums = sumsOf(cell);
  const place = sums.findIndex((sum) => !cell.inputs.includes(sum));
  return {
    variable,
    layout: {
      names: [`bias_hh${suffix}`],
      permutation: [0],
      shape: [hidden],
      pieces: [{ shape: [sums.length * hidden], start: place * hidden, count: hidden }],
    },
  };
}
