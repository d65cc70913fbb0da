/** What matmul, convolution, pooling, softmax, embedding and recurrence refuse, and the words they refuse it with. */
import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { crossEntropyLoss, logSoftmax, softmax } from "../../../src/functions.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import type { Cell } from "../../../src/ops/cells/cell.ts";
import { gru, lstm, minGru, rnn } from "../../../src/ops/cells/index.ts";
import { ops } from "../../../src/ops/table.ts";
import type { ByInput } from "../../../src/ops/vocabulary.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { TensorType } from "../../../src/tensor/shape.ts";
import { input } from "../../support/plans.ts";

const of = (dtype: DType, ...shape: number[]): TensorType => ({ dtype, shape });
const f32 = (...shape: number[]) => of("f32", ...shape);
const i32 = (...shape: number[]) => of("i32", ...shape);

const plain = { transposeA: false, transposeB: false };
const slide = {
  stride: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
} as const;
const convolve = { ...slide, groups: 1 } as const;
const pool = { ...slide, window: [2, 2] } as const;

type Refusal = readonly [
  title: string,
  error: new (message: string) => Error,
  message: RegExp,
  call: () => unknown,
];

const refusals: readonly Refusal[] = [
  [
    "matmul of depths that differ, with the depths as they are multiplied",
    ShapeError,
    /^matmul: the columns of a must equal the rows of b; got a f32\[2, 3\], b f32\[3, 4\], transposeA true, transposeB false\. Here a has 2 columns and b 3 rows/,
    () => ops.matmul.infer({ a: f32(2, 3), b: f32(3, 4) }, { ...plain, transposeA: true }),
  ],
  [
    "matmul of a vector",
    ShapeError,
    /^matmul: b must have at least 2 dimensions; got b f32\[3\]\. Reshape/,
    () => ops.matmul.infer({ a: f32(2, 3), b: f32(3) }, plain),
  ],
  [
    "matmul of batches that do not broadcast",
    ShapeError,
    /^matmul: the dimensions in front of the last two must broadcast; got a f32\[2, 3, 4\], b f32\[3, 4, 5\]/,
    () => ops.matmul.infer({ a: f32(2, 3, 4), b: f32(3, 4, 5) }, plain),
  ],
  [
    "matmul of integers",
    DTypeError,
    /^matmul: a must be f32; got i32\[2, 3\]\. Cast/,
    () => ops.matmul.infer({ a: i32(2, 3), b: f32(3, 4) }, plain),
  ],
  [
    "conv2d of channels that differ",
    ShapeError,
    /^conv2d: the filters' input channels must equal the input's channels \/ groups; got x f32\[8, 32, 32, 3\], w f32\[3, 3, 4, 16\], groups 1\. .*3 \/ 1 against 4 channels/,
    () => ops.conv2d.infer({ x: f32(8, 32, 32, 3), w: f32(3, 3, 4, 16) }, convolve),
  ],
  [
    "conv2d in groups with a filter for all channels",
    ShapeError,
    /^conv2d: the filters' input channels must equal the input's channels \/ groups; got .*, groups 2\. .*4 \/ 2 against 4 channels/,
    () => ops.conv2d.infer({ x: f32(1, 8, 8, 4), w: f32(3, 3, 4, 6) }, { ...convolve, groups: 2 }),
  ],
  [
    "conv2d in groups that do not divide the output channels",
    ShapeError,
    /^conv2d: groups must divide the output channels; got x f32\[1, 8, 8, 4\], w f32\[3, 3, 2, 5\], groups 2\./,
    () => ops.conv2d.infer({ x: f32(1, 8, 8, 4), w: f32(3, 3, 2, 5) }, { ...convolve, groups: 2 }),
  ],
  [
    "conv2d in no groups",
    ArgumentError,
    /^conv2d: groups must be a whole number of 1 or more; got groups 0\./,
    () => ops.conv2d.infer({ x: f32(1, 8, 8, 4), w: f32(3, 3, 4, 5) }, { ...convolve, groups: 0 }),
  ],
  [
    "conv2d of a single image without a batch",
    ShapeError,
    /^conv2d: x must have 4 dimensions; got f32\[32, 32, 3\]\. It is \[N, H, W, C\]\./,
    () => ops.conv2d.infer({ x: f32(32, 32, 3), w: f32(3, 3, 3, 16) }, convolve),
  ],
  [
    "conv2dInputGrad of a gradient that is not conv2d's output",
    ShapeError,
    /^conv2dInputGrad: g must have shape \[1, 3, 3, 2\]; got f32\[1, 4, 3, 2\]/,
    () =>
      ops.conv2dInputGrad.infer(
        { g: f32(1, 4, 3, 2), w: f32(3, 3, 1, 2) },
        { ...convolve, inputShape: [1, 5, 5, 1] },
      ),
  ],
  [
    "maxPool2d with padding as large as its window",
    ArgumentError,
    /^maxPool2d: padding must be smaller than the window; got window \[2, 2\]/,
    () =>
      ops.maxPool2d.infer(
        { x: f32(1, 4, 4, 1) },
        {
          ...pool,
          padding: [
            [2, 0],
            [0, 0],
          ],
        },
      ),
  ],
  [
    "avgPool2d of more bins and rows than their product may be",
    ArgumentError,
    /^avgPool2d: bins times rows or columns must be at most 2\^30; got \[65536, 1\] bins of 16385 × 4\. Make fewer bins\.$/,
    () => ops.avgPool2d.infer({ x: f32(1, 16385, 4, 1) }, { ...pool, bins: [65536, 1] }),
  ],
  [
    "maxPool2dGather of an index that does not fit",
    ShapeError,
    /^maxPool2dGather: index must have shape \[1, 2, 2, 1\]; got i32\[1, 3, 2, 1\]/,
    () =>
      ops.maxPool2dGather.infer(
        { x: f32(1, 4, 4, 1), index: i32(1, 3, 2, 1) },
        { ...pool, stride: [2, 2] },
      ),
  ],
  [
    "softmax of rows without elements",
    ShapeError,
    /^softmax: x must have a last dimension of 1 or more; got x f32\[3, 0\]/,
    () => softmax(input("x", [3, 0])),
  ],
  [
    "softmax of columns without elements",
    ShapeError,
    /^softmax: x must have a dimension 0 of 1 or more; got x f32\[0, 3\]. It is taken over dimension 0\./,
    () => softmax(input("x", [0, 3]), 0),
  ],
  [
    "logSoftmax of integers",
    DTypeError,
    /^logSoftmax: x must be f32; got i32\[3\]\. Cast it first: cast\(x, "f32"\)/,
    () => logSoftmax(input("x", [3], "i32")),
  ],
  [
    "crossEntropy of rows without classes",
    ShapeError,
    /^crossEntropyLoss: logits must have a last dimension of 1 or more; got logits f32\[2, 4, 0\]/,
    () => crossEntropyLoss(input("logits", [2, 4, 0]), input("labels", [2, 4], "i32")),
  ],
  [
    "crossEntropy of labels that are not integers",
    DTypeError,
    /^crossEntropyLoss: labels must be i32; got f32\[4\]\. Cast it first: cast\(labels, "i32"\)/,
    () => crossEntropyLoss(input("logits", [4, 10]), input("labels", [4])),
  ],
  [
    "crossEntropy of another number of labels",
    ShapeError,
    /^crossEntropyLoss: labels must have the shape of logits without the last dimension, the classes; got logits f32\[4, 10\], labels i32\[5\]/,
    () => crossEntropyLoss(input("logits", [4, 10]), input("labels", [5], "i32")),
  ],
  [
    "embedding of ids that are not integers",
    DTypeError,
    /^embedding: ids must be i32; got f32\[4\]/,
    () => ops.embedding.infer({ table: f32(5, 3), ids: f32(4) }, {}),
  ],
  [
    "embeddingGrad of a gradient for other ids",
    ShapeError,
    /^embeddingGrad: g must have shape \[4, 3\]; got f32\[5, 3\]/,
    () => ops.embeddingGrad.infer({ ids: i32(4), g: f32(5, 3) }, { rows: 7 }),
  ],
  [
    "lstm of three gates",
    ShapeError,
    /^lstm: projected must have at least 1 step and exactly 4 inputs, input, forget, candidate, output; got projected f32\[9, 2, 7, 3\]/,
    () => walk(lstm, { projected: f32(9, 2, 7, 3) }),
  ],
  [
    "lstm of a state for another batch",
    ShapeError,
    /^lstm: c0 must have shape \[2, 7\]; got f32\[3, 7\]\. The state is \[B, U\]/,
    () => walk(lstm, { initial: [f32(2, 7), f32(3, 7)] }),
  ],
  [
    "lstm of one state",
    ShapeError,
    /^lstm: there must be 2 initial states; got 1\. Give h, c, in this order\./,
    () => walk(lstm, { initial: [f32(2, 7)] }),
  ],
  [
    "lstm of one length too many",
    ShapeError,
    /^lstm: lengths must have shape \[2\]; got i32\[3\]\. It has one length for each sequence/,
    () => walk(lstm, { lengths: i32(3) }),
  ],
  [
    "gru of another unit's bias",
    ShapeError,
    /^gru: candidateBias must have shape \[7\]; got f32\[8\]\. It has a number for each unit/,
    () => walk(gru, { vectors: [f32(8)] }),
  ],
  [
    "a cell without sums, with recurrent weights",
    ShapeError,
    /^minGru: there must be recurrent weights where the cell has sums, and only there; got 0 sums, weights/,
    () => walk(minGru, { recurrent: f32(7, 7, 2) }),
  ],
  [
    "rnn of no steps",
    ShapeError,
    /^rnn: projected must have at least 1 step and exactly 1 input, sum; got projected f32\[0, 2, 7, 1\]/,
    () => walk(rnn.tanh, { projected: f32(0, 2, 7, 1) }),
  ],
];

/** Infers a walk of 9 steps, 2 rows and 7 units, but for what is `given`. */
function walk(cell: Cell, given: Partial<ByInput<"recurrence", TensorType>>): unknown {
  const body = bodyOfCell(cell);
  const { inputs, sums, states, vectors } = body;
  const ins = {
    projected: f32(9, 2, 7, inputs.length),
    recurrent: sums.length === 0 ? undefined : f32(7, 7, sums.length),
    vectors: vectors.map(() => f32(7)),
    initial: states.map(() => f32(2, 7)),
    lengths: undefined,
  };
  return ops.recurrence.infer({ ...ins, ...given }, { cell: body, reverse: false, flow: false });
}

describe("wrong shapes, dtypes and options are refused where the op is called", () => {
  it.each(refusals)("%s", (_, error, message, call) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});
