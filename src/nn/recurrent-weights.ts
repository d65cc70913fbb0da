/** The parameters of recurrent layers: made gates innermost, as the kernels like them, and saved as PyTorch's. */
import type { Key, Shape, Variable } from "../functions.ts";
import { type Initialiser, uniform } from "./initialise.ts";
import type { Parameter, StateLayout } from "./module.ts";
import { type InitialiseOptions, keysOf, parameter } from "./options.ts";

/** One layer in one direction. G gates: 1 of an rnn, whose shapes then lack that dimension; 3 of a gru, 4 of an lstm. */
export interface Weights {
  /** [I, H, G] */
  readonly input: Variable;
  /** [H, H, G] */
  readonly recurrent: Variable;
  /** [H, G]: of the input and of the state together, where adding them says the same */
  readonly bias: Variable;
  /** [H]: of h·R in a gru's gate n */
  readonly candidateBias: Variable | undefined;
}

export interface WeightOptions extends InitialiseOptions {
  readonly initialiseBias?: Initialiser;
}

export interface Sizes {
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly directions: 1 | 2;
  readonly gates: 1 | 3 | 4;
}

/** Weights by layer and direction: layer 0 forward, layer 0 reverse, layer 1 forward … */
export function makeWeights(kind: string, sizes: Sizes, options: WeightOptions): Weights[] {
  const { inputs, hidden, layers, directions, gates } = sizes;
  // PyTorch draws all parameters of its recurrent layers from this.
  const bound = uniform(1 / Math.sqrt(hidden));
  const { initialise = bound, initialiseBias = bound } = options;
  const key = keysOf(options.seed);
  const shape = (...dimensions: number[]) => (gates === 1 ? dimensions : [...dimensions, gates]);
  return Array.from({ length: layers * directions }, (_, index) => {
    const layer = Math.floor(index / directions);
    const features = layer === 0 ? inputs : hidden * directions;
    const suffix = `${layer}${index % directions === 1 ? "_reverse" : ""}`;
    const make = (name: string, own: Shape, fanIn: number, start: Initialiser, of: Key) =>
      parameter(`${kind}.${name}${suffix}`, own, start, { in: fanIn, out: hidden }, of);
    const keys = 4 * index;
    return {
      input: make("input", shape(features, hidden), features, initialise, key(keys)),
      recurrent: make("recurrent", shape(hidden, hidden), hidden, initialise, key(keys + 1)),
      bias: make("bias", shape(hidden), hidden, initialiseBias, key(keys + 2)),
      candidateBias:
        gates === 3
          ? make("candidateBias", [hidden], hidden, initialiseBias, key(keys + 3))
          : undefined,
    };
  });
}

/** Under PyTorch's names and in its layouts: gates outermost, units within them. */
export function parametersOf(all: readonly Weights[], sizes: Sizes): Record<string, Parameter> {
  const { hidden, directions, gates } = sizes;
  const turned = gates === 1 ? [1, 0] : [2, 1, 0];
  const named = all.flatMap(({ input, recurrent, bias, candidateBias }, index) => {
    const suffix = `_l${Math.floor(index / directions)}${index % directions === 1 ? "_reverse" : ""}`;
    const matrix = (name: string, weight: Variable): [string, Parameter] => [
      name,
      {
        variable: weight,
        layout: {
          names: [name],
          permutation: turned,
          shape: [gates * hidden, weight.shape[0] ?? 0],
        },
      },
    ];
    return [
      matrix(`weight_ih${suffix}`, input),
      matrix(`weight_hh${suffix}`, recurrent),
      [`bias${suffix}`, { variable: bias, layout: biasLayout(sizes, suffix) }] as const,
      ...(candidateBias === undefined
        ? []
        : [
            [
              `candidate_bias${suffix}`,
              { variable: candidateBias, layout: candidateLayout(sizes, suffix) },
            ] as const,
          ]),
    ];
  });
  return Object.fromEntries(named);
}

/** PyTorch has two biases that are added; of a gru's gate n, whose product is reset in between, only the first. */
function biasLayout({ hidden, gates }: Sizes, suffix: string): StateLayout {
  const shape = [gates * hidden];
  const added = gates === 3 ? 2 * hidden : gates * hidden;
  return {
    names: [`bias_ih${suffix}`, `bias_hh${suffix}`],
    permutation: gates === 1 ? [0] : [1, 0],
    shape,
    pieces: [
      { shape, start: 0, count: gates * hidden },
      { shape, start: 0, count: added },
    ],
  };
}

/** The last third of PyTorch's bias_hh. */
function candidateLayout({ hidden }: Sizes, suffix: string): StateLayout {
  return {
    names: [`bias_hh${suffix}`],
    permutation: [0],
    shape: [hidden],
    pieces: [{ shape: [3 * hidden], start: 2 * hidden, count: hidden }],
  };
}
