import { backward } from "../../src/autodiff/backward.ts";
import { differentiatedCell } from "../../src/autodiff/cell-gradient.ts";
import { bodyOfCell } from "../../src/graph/cell-body.ts";
import type { CellBody } from "../../src/ops/cells/body.ts";
import { type Cell, cell as cellOf } from "../../src/ops/cells/cell.ts";
import { coupledLstm } from "../../src/ops/cells/coupled-lstm.ts";
import { gru } from "../../src/ops/cells/gru.ts";
import { lstm } from "../../src/ops/cells/lstm.ts";
import { minGru } from "../../src/ops/cells/min-gru.ts";
import { minimalGatedUnit } from "../../src/ops/cells/minimal-gated-unit.ts";
import { peepholeLstm } from "../../src/ops/cells/peephole-lstm.ts";
import { resetBeforeGru } from "../../src/ops/cells/reset-before-gru.ts";
import { rnn } from "../../src/ops/cells/rnn.ts";
import { slstm } from "../../src/ops/cells/slstm.ts";
import type { WalkOp } from "../../src/ops/vocabulary.ts";
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

/** Every cell: B and U that fill no vector or tile, one step, one unit; directions, lengths, and flow together. */
const sequences: readonly [Sequence, ...Sequence[]] = [
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
/** Of other cells, what differs from cell to cell: an odd size, lengths in reverse, and every state's gradient. */
const few = sequences.filter(({ name }) =>
  [
    "of 7 units over 9 steps",
    "of 8 units, whole vectors",
    "whose rows end early, walked in reverse",
    "with the gradient of every state, in reverse, with lengths",
  ].includes(name),
);
const saturated: Sequence = { name: "with saturated gates", size: [3, 2, 5], range: [-30, 30] };

/** No cell that has a name: a step's only product is of something that is computed in it. */
const secondAlone = cellOf({
  name: "second product alone",
  states: ["h", "c"],
  sums: [],
  between: { sums: ["a", "b"], of: (m, _, { h, c }) => m.mul(m.sigmoid(c), h) },
  step: (m, { a, b }, { c }) => ({ h: m.tanh(m.add(a, c)), c: m.mul(m.sigmoid(b), c) }),
});

const usual: readonly Cell[] = [rnn.tanh, lstm, gru];
const others: readonly Cell[] = [
  rnn.relu,
  peepholeLstm,
  coupledLstm,
  resetBeforeGru,
  minimalGatedUnit,
  minGru,
  slstm,
  secondAlone,
];

interface CellSequence {
  readonly name: string;
  readonly cell: CellBody;
  readonly sequence: Sequence;
  /** The states that have a gradient from outside. */
  readonly watched: readonly number[];
}

const walks = [
  ...usual.map((cell) => [cell, sequences] as const),
  ...others.map((cell) => [cell, few] as const),
].flatMap(([cell, list]) => {
  const body = bodyOfCell(cell);
  return list.flatMap((sequence) =>
    watches(body, sequence).map(
      (watched): CellSequence => ({
        name: `${cell === rnn.relu ? "rnn with relu" : body.name} ${sequence.name}${watched.length > 1 ? ", with a gradient of all states" : ""}`,
        cell: body,
        sequence,
        watched,
      }),
    ),
  );
}) as unknown as readonly [CellSequence, ...CellSequence[]];

/** h alone, and all states of a few. */
function watches({ states }: CellBody, sequence: Sequence): number[][] {
  const all = states.map((_, s) => s);
  return states.length > 1 && few.includes(sequence) ? [[0], all] : [[0]];
}

export const walkCases = {
  recurrence: each<CellSequence, Case<"recurrence">>(
    [
      ...walks.filter(({ watched }) => watched.length === 1),
      ...usual.map((cell) => ({
        name: `${cell.name} ${saturated.name}`,
        cell: bodyOfCell(cell),
        sequence: saturated,
        watched: [0],
      })),
    ] as unknown as readonly [CellSequence, ...CellSequence[]],
    walkCase,
  ),
  recurrenceGrad: each<CellSequence, Case<"recurrenceGrad">>(walks, walkGradCase),
} satisfies Pick<CaseTable, WalkOp>;

export function walkCase({ name, cell, sequence }: CellSequence): Case<"recurrence"> {
  const { size, range = [-1, 1], reverse = false, flow = false } = sequence;
  return {
    name,
    ins: {
      projected: { shape: [...size, cell.inputs.length], range },
      recurrent: weightsOf(cell, sequence),
      vectors: vectorsOf(cell, sequence),
      initial: cell.states.map(() => ({ shape: size.slice(1), range: [0.1, 1] })),
      lengths: lengthsOf(sequence),
    },
    attrs: { cell, reverse, flow },
  };
}

export function walkGradCase({
  name,
  cell,
  sequence,
  watched,
}: CellSequence): Case<"recurrenceGrad"> {
  const { size, reverse = false, flow = false } = sequence;
  const [steps, batch, units] = size;
  return {
    name: `the gradient of ${name}`,
    ins: {
      recurrent: weightsOf(cell, sequence),
      vectors: vectorsOf(cell, sequence),
      states: cell.states.map(() => ({ shape: [steps + 1, batch, units], range: [0.1, 1] })),
      // What a sigmoid gives.
      tape:
        cell.tape.length === 0
          ? undefined
          : { shape: [...size, cell.tape.length], range: [0.05, 0.95] },
      gStates: watched.map(() => ({ shape: size })),
      lengths: lengthsOf(sequence),
    },
    attrs: { cell: differentiatedCell(cell, backward), reverse, flow, watched },
  };
}

/** Weights of about 1/√U, as they are initialised. */
function weightsOf({ sums }: CellBody, { size: [, , units] }: Sequence): InputSpec | undefined {
  const bound = 1 / Math.sqrt(units);
  return sums.length === 0
    ? undefined
    : { shape: [units, units, sums.length], range: [-bound, bound] };
}

function vectorsOf({ vectors }: CellBody, { size: [, , units] }: Sequence): InputSpec[] {
  return vectors.map(() => ({ shape: [units] }));
}

function lengthsOf({ size: [, batch], lengths }: Sequence): InputSpec | undefined {
  return lengths && { shape: [batch], dtype: "i32", values: lengths };
}
