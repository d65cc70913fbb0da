import type { RecurrentOp } from "../../src/ops/recurrent.ts";
import type { Recurrence } from "../../src/ops/vocabulary.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

export interface Sequence {
  readonly name: string;
  /** T, B, U */
  readonly size: readonly [steps: number, batch: number, units: number];
  /** Of the pre-activations; [-1, 1) where nothing is said. */
  readonly range?: readonly [number, number];
  readonly reverse?: boolean;
  /** Steps of each sequence: 0, T and beyond T included. */
  readonly lengths?: readonly number[];
  readonly flow?: boolean;
}

/** Every op: B and U that fill no vector or tile, one step, one unit; directions, lengths, and flow together. */
export const sequences: readonly [Sequence, ...Sequence[]] = [
  { name: "of one unit for one step", size: [1, 1, 1] },
  { name: "of one unit over time", size: [9, 1, 1] },
  { name: "of no sequence", size: [3, 0, 7] },
  { name: "of one sequence", size: [2, 1, 7] },
  { name: "of one step", size: [1, 3, 7] },
  { name: "of 7 units over 9 steps", size: [9, 3, 7] },
  { name: "of 8 units, whole vectors", size: [3, 4, 8] },
  { name: "of 5 sequences of 33 units", size: [9, 5, 33] },
  { name: "of 16 units, as in the goldens", size: [5, 4, 16] },
  { name: "of 17 sequences", size: [2, 17, 7] },
  { name: "of 65 units", size: [2, 1, 65] },
  { name: "walked in reverse", size: [6, 3, 7], reverse: true },
  { name: "whose rows end early", size: [6, 5, 9], lengths: [3, 6, 0, 1, 9] },
  {
    name: "whose rows end early, walked in reverse",
    size: [6, 5, 9],
    lengths: [3, 6, 0, 1, 9],
    reverse: true,
  },
  { name: "with the gradient of every state", size: [4, 3, 8], flow: true },
  {
    name: "with the gradient of every state, in reverse, with lengths",
    size: [4, 3, 7],
    flow: true,
    reverse: true,
    lengths: [2, 4, 1],
  },
];
const saturated: Sequence = { name: "with saturated gates", size: [3, 2, 5], range: [-30, 30] };

export const recurrentCases = {
  rnn: [
    ...each<Sequence, Case<"rnn">>([...sequences, saturated], (sequence) =>
      rnnCase(sequence, "tanh"),
    ),
    ...each<Sequence, Case<"rnn">>(sequences, (sequence) => rnnCase(sequence, "relu")),
  ],
  rnnGrad: [
    ...each<Sequence, Case<"rnnGrad">>(sequences, (sequence) => rnnGradCase(sequence, "tanh")),
    ...each<Sequence, Case<"rnnGrad">>(sequences, (sequence) => rnnGradCase(sequence, "relu")),
  ],
  lstm: each<Sequence, Case<"lstm">>([...sequences, saturated], lstmCase),
  lstmGrad: [
    ...each<Sequence, Case<"lstmGrad">>(sequences, (sequence) => lstmGradCase(sequence, false)),
    ...each<Sequence, Case<"lstmGrad">>(sequences, (sequence) => lstmGradCase(sequence, true)),
  ],
  gru: each<Sequence, Case<"gru">>([...sequences, saturated], gruCase),
  gruGrad: each<Sequence, Case<"gruGrad">>(sequences, gruGradCase),
} satisfies Pick<CaseTable, RecurrentOp>;

export function rnnCase(sequence: Sequence, activation: "tanh" | "relu"): Case<"rnn"> {
  return {
    name: `rnn with ${activation} ${sequence.name}`,
    ins: {
      projected: gatesOf(sequence, 1),
      recurrent: recurrentOf(sequence, 1),
      h0: stateOf(sequence),
      lengths: lengthsOf(sequence),
    },
    attrs: { ...walkOf(sequence), activation },
  };
}

export function rnnGradCase(sequence: Sequence, activation: "tanh" | "relu"): Case<"rnnGrad"> {
  return {
    name: `rnnGrad with ${activation} ${sequence.name}`,
    ins: {
      recurrent: recurrentOf(sequence, 1),
      states: tapeOf(sequence),
      gY: eachStep(sequence),
      lengths: lengthsOf(sequence),
    },
    attrs: { ...walkOf(sequence), activation },
  };
}

export function lstmCase(sequence: Sequence): Case<"lstm"> {
  return {
    name: `lstm ${sequence.name}`,
    ins: {
      projected: gatesOf(sequence, 4),
      recurrent: recurrentOf(sequence, 4),
      h0: stateOf(sequence),
      c0: stateOf(sequence),
      lengths: lengthsOf(sequence),
    },
    attrs: walkOf(sequence),
  };
}

export function lstmGradCase(sequence: Sequence, cellsHaveGradient: boolean): Case<"lstmGrad"> {
  return {
    name: `lstmGrad ${sequence.name}${cellsHaveGradient ? ", with a gradient of the cells" : ""}`,
    ins: {
      recurrent: recurrentOf(sequence, 4),
      cells: tapeOf(sequence),
      gates: activated(sequence),
      gY: eachStep(sequence),
      gCells: cellsHaveGradient ? eachStep(sequence) : undefined,
      lengths: lengthsOf(sequence),
    },
    attrs: walkOf(sequence),
  };
}

export function gruCase(sequence: Sequence): Case<"gru"> {
  return {
    name: `gru ${sequence.name}`,
    ins: {
      projected: gatesOf(sequence, 3),
      recurrent: recurrentOf(sequence, 3),
      bias: { shape: [sequence.size[2]] },
      h0: stateOf(sequence),
      lengths: lengthsOf(sequence),
    },
    attrs: walkOf(sequence),
  };
}

export function gruGradCase(sequence: Sequence): Case<"gruGrad"> {
  return {
    name: `gruGrad ${sequence.name}`,
    ins: {
      recurrent: recurrentOf(sequence, 3),
      states: tapeOf(sequence),
      gates: activated(sequence),
      gY: eachStep(sequence),
      lengths: lengthsOf(sequence),
    },
    attrs: walkOf(sequence),
  };
}

function walkOf({ reverse = false, flow = false }: Sequence): Recurrence {
  return { reverse, flow };
}

function gatesOf({ size, range = [-1, 1] }: Sequence, gates: number): InputSpec {
  return { shape: gates === 1 ? size : [...size, gates], range };
}

/** Weights of about 1/√U, as they are initialised. */
function recurrentOf({ size: [, , units] }: Sequence, gates: number): InputSpec {
  const bound = 1 / Math.sqrt(units);
  return { shape: gates === 1 ? [units, units] : [units, units, gates], range: [-bound, bound] };
}

function stateOf({ size: [, batch, units] }: Sequence): InputSpec {
  return { shape: [batch, units] };
}

function tapeOf({ size: [steps, batch, units] }: Sequence): InputSpec {
  return { shape: [steps + 1, batch, units] };
}

function eachStep({ size }: Sequence): InputSpec {
  return { shape: size };
}

/** What a sigmoid gives. A tanh gate may be positive as well. */
function activated({ size }: Sequence): InputSpec {
  return { shape: [...size, 4], range: [0.05, 0.95] };
}

function lengthsOf({ size: [, batch], lengths }: Sequence): InputSpec | undefined {
  return lengths && { shape: [batch], dtype: "i32", values: lengths };
}
