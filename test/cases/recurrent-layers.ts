import type { LayersOp } from "../../src/ops/vocabulary.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

export interface LayersSequence {
  readonly name: string;
  /** T, B, U */
  readonly size: readonly [steps: number, batch: number, units: number];
  readonly layers: number;
  /** For each layer whether it walks in reverse; given where they stand side by side. */
  readonly sides?: readonly boolean[];
  /** All walk from the end, one above the other. */
  readonly reverse?: boolean;
  readonly lengths?: readonly number[];
  /** Of how many of the topmost layers the states and cells have a gradient from outside; 1 and 0. */
  readonly outside?: readonly [states: number, cells: number];
}

/** One above the other and side by side; lengths, gradients of lower layers' states. Sizes are those of single layers. */
const sequences: readonly [LayersSequence, ...LayersSequence[]] = [
  { name: "one above the other", size: [4, 3, 7], layers: 2 },
  { name: "one above the other, walked in reverse", size: [9, 3, 7], layers: 2, reverse: true },
  { name: "of more layers than steps", size: [2, 3, 7], layers: 3, outside: [2, 1] },
  { name: "of a block of rows and units and one more", size: [2, 33, 17], layers: 2 },
  { name: "of a single layer", size: [9, 3, 7], layers: 1 },
  { name: "in both directions side by side", size: [4, 3, 7], layers: 2, sides: [false, true] },
  {
    name: "whose rows end early",
    size: [6, 5, 9],
    layers: 2,
    lengths: [3, 6, 0, 1, 9],
    outside: [2, 2],
  },
  {
    name: "side by side, whose rows end early",
    size: [6, 5, 9],
    layers: 2,
    sides: [true, false],
    lengths: [3, 6, 0, 1, 9],
    outside: [2, 1],
  },
];
const ofCellsAlone = {
  name: "of which only cells have a gradient",
  size: [4, 3, 7],
  outside: [0, 1],
} as const;
const withRelu: LayersSequence = { name: "with relu", size: [4, 3, 7], layers: 2 };

export const layersCases = {
  rnnLayers: [
    ...each<LayersSequence, Case<"rnnLayers">>(sequences, (of) => rnnLayersCase(of, "tanh")),
    rnnLayersCase(withRelu, "relu"),
  ],
  rnnLayersGrad: [
    ...each<LayersSequence, Case<"rnnLayersGrad">>(sequences, (of) =>
      rnnLayersGradCase(of, "tanh"),
    ),
    rnnLayersGradCase(withRelu, "relu"),
  ],
  lstmLayers: each<LayersSequence, Case<"lstmLayers">>(sequences, lstmLayersCase),
  lstmLayersGrad: [
    ...each<LayersSequence, Case<"lstmLayersGrad">>(sequences, lstmLayersGradCase),
    lstmLayersGradCase({ ...ofCellsAlone, layers: 2 }),
  ],
  gruLayers: each<LayersSequence, Case<"gruLayers">>(sequences, gruLayersCase),
  gruLayersGrad: each<LayersSequence, Case<"gruLayersGrad">>(sequences, gruLayersGradCase),
} satisfies Pick<CaseTable, LayersOp>;

export function rnnLayersCase(of: LayersSequence, activation: "tanh" | "relu"): Case<"rnnLayers"> {
  const ins = { ...weightsOf(of, 1), h0: layersOf(of, stateOf(of)), lengths: lengthsOf(of) };
  const attrs = { reverse: directions(of), activation };
  return { name: `rnn layers ${of.name}`, ins, attrs };
}

export function rnnLayersGradCase(
  of: LayersSequence,
  activation: "tanh" | "relu",
): Case<"rnnLayersGrad"> {
  return {
    name: `gradients of rnn layers ${of.name}`,
    ins: { ...residualsOf(of, 1), states: layersOf(of, tapeOf(of)) },
    attrs: { reverse: directions(of), activation },
  };
}

export function lstmLayersCase(of: LayersSequence): Case<"lstmLayers"> {
  const initial = layersOf(of, stateOf(of));
  return {
    name: `lstm layers ${of.name}`,
    ins: { ...weightsOf(of, 4), h0: initial, c0: initial, lengths: lengthsOf(of) },
    attrs: { reverse: directions(of) },
  };
}

export function lstmLayersGradCase(of: LayersSequence): Case<"lstmLayersGrad"> {
  const cells = of.outside?.[1] ?? 0;
  return {
    name: `gradients of lstm layers ${of.name}`,
    ins: {
      ...residualsOf(of, 4),
      cells: layersOf(of, tapeOf(of)),
      gates: layersOf(of, activated(of)),
      gCells: Array.from({ length: cells }, () => ({ shape: of.size })),
    },
    attrs: { reverse: directions(of) },
  };
}

export function gruLayersCase(of: LayersSequence): Case<"gruLayers"> {
  return {
    name: `gru layers ${of.name}`,
    ins: {
      ...weightsOf(of, 3),
      candidateBias: layersOf(of, { shape: [of.size[2]] }),
      h0: layersOf(of, stateOf(of)),
      lengths: lengthsOf(of),
    },
    attrs: { reverse: directions(of) },
  };
}

export function gruLayersGradCase(of: LayersSequence): Case<"gruLayersGrad"> {
  return {
    name: `gradients of gru layers ${of.name}`,
    ins: {
      ...residualsOf(of, 3),
      states: layersOf(of, tapeOf(of)),
      gates: layersOf(of, activated(of)),
    },
    attrs: { reverse: directions(of) },
  };
}

function directions({ layers, sides, reverse = false }: LayersSequence): readonly boolean[] {
  return sides ?? Array.from({ length: layers }, () => reverse);
}

function layersOf({ layers }: LayersSequence, spec: InputSpec): InputSpec[] {
  return Array.from({ length: layers }, () => spec);
}

/** What all cells are given forwards. */
function weightsOf(of: LayersSequence, gates: number) {
  const { size, layers, sides } = of;
  const [, , units] = size;
  const above = sides ? 0 : layers - 1;
  const lowest = sides ? layers : 1;
  const inner = gates === 1 ? [] : [gates];
  return {
    projected: Array.from({ length: lowest }, () => ({ shape: [...size, ...inner] })),
    recurrent: layersOf(of, matrix(units, inner)),
    input: Array.from({ length: above }, () => matrix(units, inner)),
    bias: Array.from({ length: above }, () => ({ shape: [units, ...inner] })),
  };
}

/** What all cells are given backwards. */
function residualsOf(of: LayersSequence, gates: number) {
  const { recurrent, input } = weightsOf(of, gates);
  const outside = of.outside?.[0] ?? (of.sides ? of.layers : 1);
  const gY = Array.from({ length: outside }, () => ({ shape: of.size }));
  return { recurrent, input, gY, lengths: lengthsOf(of) };
}

/** Weights of about 1/√U, as they are initialised. */
function matrix(units: number, inner: readonly number[]): InputSpec {
  const bound = 1 / Math.sqrt(units);
  return { shape: [units, units, ...inner], range: [-bound, bound] };
}

function stateOf({ size: [, batch, units] }: LayersSequence): InputSpec {
  return { shape: [batch, units] };
}

function tapeOf({ size: [steps, batch, units] }: LayersSequence): InputSpec {
  return { shape: [steps + 1, batch, units] };
}

/** What a sigmoid gives. A tanh gate may be positive as well. */
function activated({ size }: LayersSequence): InputSpec {
  return { shape: [...size, 4], range: [0.05, 0.95] };
}

function lengthsOf({ size: [, batch], lengths }: LayersSequence): InputSpec | undefined {
  return lengths && { shape: [batch], dtype: "i32", values: lengths };
}
