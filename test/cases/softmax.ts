import type { Shape } from "../../src/tensor/shape.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

interface Rows {
  readonly name: string;
  readonly shape: Shape;
  readonly range?: readonly [number, number];
}

/** Each is a case of softmax and of logSoftmax. */
const rows: readonly [Rows, ...Rows[]] = [
  { name: "of a vector", shape: [5] },
  { name: "of rows of one is certain", shape: [3, 1] },
  { name: "of no rows", shape: [0, 10] },
  { name: "of rows of 10", shape: [7, 10] },
  { name: "of rows of 17, more than a small workgroup", shape: [5, 17] },
  { name: "of rows of 65", shape: [3, 65] },
  { name: "of rows of 1000", shape: [2, 1000] },
  { name: "of more rows than a workgroup", shape: [129, 3] },
  { name: "over the last of three dimensions", shape: [2, 3, 5] },
  { name: "of large values does not overflow", shape: [5, 10], range: [-80, 80] },
  { name: "of very large values does not overflow", shape: [3, 33], range: [900, 1000] },
];

interface Labelled {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly range?: readonly [number, number];
  /** Of the second derivative. */
  readonly gradientTolerance?: number;
}

/** Each is a case of crossEntropy and of its gradient. */
const labelled: readonly [Labelled, ...Labelled[]] = [
  { name: "of one row", classes: 3, labels: [1] },
  { name: "of one class is zero", classes: 1, labels: [0, 0, 0] },
  { name: "of no rows", classes: 10, labels: [] },
  { name: "of 10 classes, first and last among the labels", classes: 10, labels: [0, 9, 5, 3, 7] },
  { name: "of 65 classes", classes: 65, labels: [64, 0, 31, 32, 63, 1, 17] },
  { name: "of 1000 classes", classes: 1000, labels: [999, 0, 512] },
  { name: "ignores rows with a negative label", classes: 10, labels: [4, -1, 2, -100, 9] },
  { name: "ignores rows whose label is no class", classes: 7, labels: [7, 6, 1000, 0] },
  { name: "of ignored rows only is zero", classes: 5, labels: [-1, -1] },
  {
    name: "of large logits does not overflow",
    classes: 10,
    labels: [1, 2, 3, 4],
    range: [-80, 80],
    // One class has p ≈ 1 − 10⁻⁴, and p (g − Σ p g) cancels but for that: relative error ε / 10⁻⁴, in several steps.
    gradientTolerance: 1e-2,
  },
  {
    name: "of more rows than a workgroup",
    classes: 10,
    labels: Array.from({ length: 131 }, (_, row) => ((row * 7) % 11) - 1),
  },
];

export const softmaxCases = {
  softmax: each(
    rows,
    ({ name, ...x }): Case<"softmax"> => ({ name: `softmax ${name}`, ins: { x }, attrs: {} }),
  ),
  logSoftmax: each(
    rows,
    ({ name, ...x }): Case<"logSoftmax"> => ({ name: `logSoftmax ${name}`, ins: { x }, attrs: {} }),
  ),
  crossEntropy: each(
    labelled,
    (rows): Case<"crossEntropy"> => ({
      name: `crossEntropy ${rows.name}`,
      ins: { logits: logitsOf(rows), labels: labelsOf(rows) },
      attrs: {},
    }),
  ),
  crossEntropyGrad: [
    ...each(labelled, (rows) => gradientCase(rows, [rows.labels.length])),
    ...each(labelled, (rows) => gradientCase({ ...rows, name: `${rows.name}, one g` }, [])),
  ],
} satisfies Pick<CaseTable, "softmax" | "logSoftmax" | "crossEntropy" | "crossEntropyGrad">;

function gradientCase(rows: Labelled, shape: Shape): Case<"crossEntropyGrad"> {
  const { gradientTolerance } = rows;
  return {
    name: `crossEntropyGrad ${rows.name}`,
    ...(gradientTolerance === undefined ? {} : { gradientTolerance }),
    ins: { logits: logitsOf(rows), labels: labelsOf(rows), g: { shape } },
    attrs: {},
  };
}

function logitsOf({ classes, labels, range = [-3, 3] }: Labelled): InputSpec {
  return { shape: [labels.length, classes], range };
}

function labelsOf({ labels }: Labelled): InputSpec {
  return { shape: [labels.length], dtype: "i32", values: labels };
}
