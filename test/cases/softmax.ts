import {
  broadcastTo,
  crossEntropyLoss,
  logSoftmax,
  softmax,
  type Tensor,
  vjp,
} from "../../src/functions.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { InputSpec, VerbCase, VerbTable } from "./case.ts";
import { each } from "./each.ts";

interface Rows {
  readonly name: string;
  readonly shape: Shape;
  readonly range?: readonly [number, number];
  readonly values?: readonly number[];
  readonly checkGradient?: false;
}

const INF = Number.POSITIVE_INFINITY;

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
  {
    name: "of values around 10,000 keeps digits",
    shape: [2, 3],
    values: [1e4, 10001, 10002, 9999, 1e4, 1e4],
  },
  // Whose exponential is nothing: masked.
  {
    name: "leaves out what is -Infinity",
    shape: [2, 4],
    values: [1, -INF, 2, -INF, -INF, -INF, 3, -INF],
    checkGradient: false,
  },
  {
    name: "of rows with NaN, +Infinity or nothing but -Infinity is NaN",
    shape: [4, 3],
    values: [NaN, 1, 2, 1, NaN, -INF, -INF, -INF, -INF, 0, INF, 1],
    checkGradient: false,
  },
];

interface Labelled {
  readonly name: string;
  readonly classes: number;
  readonly labels: readonly number[];
  readonly range?: readonly [number, number];
  readonly checkGradient?: false;
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
  {
    name: "of labels that are no class is NaN",
    classes: 7,
    labels: [7, 6, 1000, 0, -1],
    checkGradient: false,
  },
  {
    name: "of logits around 10,000 keeps digits",
    classes: 10,
    labels: [4, 0, 9],
    range: [9990, 10010],
  },
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
  softmax: each(rows, (row) => rowsCase("softmax", row)),
  logSoftmax: each(rows, (row) => rowsCase("logSoftmax", row)),
  crossEntropy: each(
    labelled,
    (rows): VerbCase => ({
      name: `crossEntropy ${rows.name}`,
      ins: { logits: logitsOf(rows), labels: labelsOf(rows) },
      verb: ({ logits, labels }) => crossEntropyLoss(given(logits), given(labels)),
      ...unchecked(rows),
    }),
  ),
  crossEntropyGrad: [
    ...each(labelled, (rows) => gradientCase(rows, [rows.labels.length])),
    ...each(labelled, (rows) => gradientCase({ ...rows, name: `${rows.name}, one g` }, [])),
  ],
} satisfies VerbTable;

function gradientCase(rows: Labelled, shape: Shape): VerbCase {
  const { gradientTolerance } = rows;
  return {
    name: `crossEntropyGrad ${rows.name}`,
    ...(gradientTolerance === undefined ? {} : { gradientTolerance }),
    ins: { logits: logitsOf(rows), labels: labelsOf(rows), g: { shape } },
    verb({ logits, labels, g }) {
      const loss = (of: Tensor) => crossEntropyLoss(of, given(labels));
      const [rows, pull] = vjp(loss, given(logits));
      const [gradient] = pull(broadcastTo(given(g), rows.shape));
      return given(gradient);
    },
    ...unchecked(rows),
  };
}

function rowsCase(op: "softmax" | "logSoftmax", { name, checkGradient, ...x }: Rows): VerbCase {
  const verbs = { softmax, logSoftmax };
  return {
    name: `${op} ${name}`,
    ins: { x },
    verb: ({ x }) => verbs[op](given(x)),
    ...unchecked({ checkGradient }),
  };
}

function given(x: Tensor | undefined): Tensor {
  if (x === undefined) throw new Error("a case lacks an input");
  return x;
}

function unchecked({ checkGradient }: { readonly checkGradient?: false | undefined }) {
  return checkGradient === undefined ? {} : { checkGradient };
}

function logitsOf({ classes, labels, range = [-3, 3] }: Labelled): InputSpec {
  return { shape: [labels.length, classes], range };
}

function labelsOf({ labels }: Labelled): InputSpec {
  return { shape: [labels.length], dtype: "i32", values: labels };
}
