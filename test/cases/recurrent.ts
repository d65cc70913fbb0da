import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

interface Sequence {
  readonly name: string;
  /** T, B, U */
  readonly size: readonly [steps: number, batch: number, units: number];
  /** Of the pre-activations; [-1, 1) where nothing is said. */
  readonly range?: readonly [number, number];
}

const sequences: readonly [Sequence, ...Sequence[]] = [
  { name: "of one unit for one step", size: [1, 1, 1] },
  { name: "of one unit over time", size: [9, 1, 1] },
  { name: "of one sequence", size: [2, 1, 7] },
  { name: "of one step", size: [1, 3, 7] },
  { name: "of 7 units over 9 steps", size: [9, 3, 7] },
  { name: "of 8 units, whole vectors", size: [3, 4, 8] },
  { name: "of 5 sequences of 33 units", size: [9, 5, 33] },
  { name: "of 16 units, as in the goldens", size: [5, 4, 16] },
  { name: "of 17 sequences", size: [2, 17, 7] },
  { name: "of 65 units", size: [2, 1, 65] },
];

export const recurrentCases = {
  lstm: each<Sequence, Case<"lstm">>(
    [...sequences, { name: "with saturated gates", size: [3, 2, 5], range: [-30, 30] }],
    ({ name, size: [steps, batch, units], range = [-1, 1] }) => ({
      name: `lstm ${name}`,
      ins: {
        projected: { shape: [steps, batch, units, 4], range },
        recurrent: recurrentOf(units),
        h0: { shape: [batch, units] },
        c0: { shape: [batch, units] },
      },
      attrs: {},
    }),
  ),
  lstmGrad: [
    ...each(sequences, (sequence) => gradientCase(sequence, false)),
    ...each(sequences, (sequence) => gradientCase(sequence, true)),
  ],
} satisfies Pick<CaseTable, "lstm" | "lstmGrad">;

/** Weights of about 1/√U, as they are initialised. */
function recurrentOf(units: number): InputSpec {
  const bound = 1 / Math.sqrt(units);
  return { shape: [units, units, 4], range: [-bound, bound] };
}

function gradientCase(sequence: Sequence, cellsHaveGradient: boolean): Case<"lstmGrad"> {
  const [steps, batch, units] = sequence.size;
  const shape = [steps, batch, units];
  return {
    name: `lstmGrad ${sequence.name}${cellsHaveGradient ? ", with a gradient of the cells" : ""}`,
    ins: {
      recurrent: recurrentOf(units),
      c0: { shape: [batch, units] },
      cells: { shape },
      // Activated: what a sigmoid gives. A tanh gate may be positive as well.
      gates: { shape: [...shape, 4], range: [0.05, 0.95] },
      gY: { shape },
      gCells: cellsHaveGradient ? { shape } : undefined,
    },
    attrs: {},
  };
}
