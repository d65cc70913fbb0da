/** What verbs, layers, losses and metrics say of shapes, dtypes and names that do not fit: given, expected, what to do. */
import { beforeAll } from "vitest";
import * as g from "../../../src/functions.ts";
import { ones, type Tensor, tensor, zeros } from "../../../src/functions.ts";
import { losses, metrics, nn, optim } from "../../../src/index.ts";
import { keepState } from "../../../src/nn/carry.ts";
import { hostArray } from "../../../src/tensor/dtype.ts";
import { keyOf } from "../../../src/tensor/random.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { f32, infer } from "../ops/infer.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const mine = g.cell({
  name: "mine",
  states: ["h"],
  sums: ["a"],
  step: (m, { a }) => ({ h: m.tanh(a) }),
});
const weights = {
  input: zeros([1, 1, 1]),
  recurrent: zeros([1, 1, 1]),
  bias: zeros([1, 1]),
};
const withParameter = (w: unknown) =>
  nn.module("mine", { parameters: { w: asAny(w) }, forward: (x: Tensor) => x });
const ofTwo = nn.module("mine", {
  inputDType: { a: "f32", b: "i32" },
  forward: ({ a }: { readonly a: Tensor; readonly b: Tensor }) => a,
});
/** Its state is of one size for any number of sequences. */
const unsized = nn.module("mine", {
  stateShapes: () => [[3]],
  step: (y: Tensor, state) => ({ y, state: state ?? [] }),
});
const longStep = () => {
  const adam = optim.adam({ learningRate: 0.1 });
  adam.loadState({ step: { shape: [2], data: [1, 1] } });
};

const functions: readonly ErrorRow[] = [
  [
    "flatten: the first dimension must not be behind the last; got 1 and 0 for f32[2, 3]. Exchange them.",
    () => g.flatten(zeros([2, 3]), 1, 0),
  ],
  [
    "spaceToDepth: the input must be images [N, H, W, C]; got f32[2, 3]. Reshape it; a grey image has C = 1.",
    () => g.spaceToDepth(zeros([2, 3]), 2),
  ],
  [
    "conv2d: the input must be images [N, H, W, C]; got f32[2, 3]. Reshape it; a grey image has C = 1.",
    () => g.conv2d(zeros([2, 3]), zeros([1, 1, 1, 1])),
  ],
  ["diag: x must have a dimension; got a single number. Reshape it.", () => g.diag(tensor(1))],
  [
    "reshape: one size may be -1 if the others divide the number of elements; got f32[2, 3] to [-1, 4]. Give all sizes, or one that fits.",
    () => g.reshape(zeros([2, 3]), [-1, 4]),
  ],
  [
    "zeros: the shape must be whole numbers of 0 or more, in a list, of less than 2^53 elements; got [-1]. Sizes are counted in elements, outermost first; a single number is [].",
    () => zeros([-1]),
  ],
  [
    "concat: at least one tensor is needed; got an empty list. Leave concat out where there is nothing to join.",
    () => g.concat([]),
  ],
  [
    'concat: all must have the same dtype; got f32[2], i32[2]. Cast them first, for example cast(x, "f32").',
    () => g.concat([zeros([2]), ones([2], "i32")]),
  ],
  [
    "broadcastTo: every dimension of x, aligned at the right, must be 1 or the new size; got f32[2] to [3]. Reshape x first, so that the dimensions to repeat have size 1.",
    () => g.broadcastTo(zeros([2]), [3]),
  ],
  [
    "transpose: the permutation must name every dimension once; got [0, 0] for f32[2, 3]. Use each of 0 to 1 once.",
    () => infer("transpose", { x: f32(2, 3) }, { permutation: [0, 0] }),
  ],
  [
    "literal: the value must be a number that f32 can hold; got 1e+39. The largest are ±3.4028234e38; Infinity is one, too.",
    () => infer("literal", {}, { value: 1e39, dtype: "f32" }),
  ],
  [
    "grad: what is differentiated must be one f32 number; got f32[2]. Reduce it with sum() or mean(), or use vjp() with a cotangent.",
    () => g.grad((x) => x, zeros([2])),
  ],
  [
    "grad: there must be inputs to differentiate by; got none. It computes at once: write grad(fn, x).",
    () => g.grad((x) => g.sum(x)),
  ],
  [
    "vjp: there must be inputs to differentiate by; got none. It computes at once: write vjp(fn, x).",
    () => g.vjp(g.relu),
  ],
  [
    "categorical: logits must be [..., C]; got f32[]. A single number has no classes.",
    () => g.categorical(tensor(1)),
  ],
  [
    "tensor: lists at the same depth must have the same length; got [3] where the first has a list of 2. Pad the shorter lists: data.padSequences does it.",
    () => tensor([[1, 2], [3]]),
  ],
  [
    "tensor: lists at the same depth must have the same length; got [3] where the first has a number. Pad the shorter lists: data.padSequences does it.",
    () => tensor(asAny([1, [3]])),
  ],
];

const recurrent: readonly ErrorRow[] = [
  [
    'mine: every state must be one of the cell\'s, h; got "c". Its names are those of its description.',
    () => g.recurrent(mine, zeros([2, 1, 1]), weights, { c: zeros([1, 1]) }),
  ],
  [
    'mine: every vector must be one of the cell\'s, which has none; got "p". Its names are those of its description.',
    () => g.recurrent(mine, zeros([2, 1, 1]), { ...weights, vectors: { p: zeros([1]) } }),
  ],
  [
    "mine: x must be a sequence [T, B, I] and the input weights [I, H, …]; got x f32[2, 1], input f32[1, 1, 1]. The last dimension of x is the features of one step.",
    () => g.recurrent(mine, zeros([2, 1]), weights),
  ],
];

const measured: readonly ErrorRow[] = [
  [
    "infoNce: a and b must be [N, D], a row for each example; got f32[2]. Reshape them.",
    () => losses.infoNce(zeros([2]), zeros([2])),
  ],
  [
    "f1: output and targets of two classes must have one shape; got f32[2] and f32[3]. Labels of several classes are i32.",
    () => metrics.f1().parts(zeros([2]), zeros([3])),
  ],
  [
    "mse: output and targets must have the same shape; got f32[2] and f32[3]. Reshape or squeeze one of them.",
    () => metrics.mse().parts(zeros([2]), zeros([3])),
  ],
];

const layers: readonly ErrorRow[] = [
  [
    "mixup: x must be f32; got i32[2]. Ids are mixed after their embedding.",
    () => nn.mixup(ones([2], "i32"), zeros([2, 2])),
  ],
  [
    "state: every tensor of a state must have a dimension for the sequences of the batch; got [3] from mine for 2 sequences and for one more. Give stateShapes(batchSize) that depend on batchSize.",
    () => keepState(unsized, [zeros([3])], zeros([2])),
  ],
  ...(
    [
      [3, "3"],
      [null, "null"],
      [zeros([2]), "a Tensor"],
      [{ variable: "w" }, '"w"'],
    ] as const
  ).map(
    ([given, shown]): ErrorRow => [
      `mine: a parameter must be a variable, or { variable, layout }; got ${shown} for w. Make it by variable().`,
      () => withParameter(given),
    ],
  ),
  [
    "flatten: the input must have a first dimension, the batch; got f32[]. Reshape a single number to [1, 1].",
    () => nn.flatten()(tensor(1)),
  ],
  [
    "normalisation: there may be 16777216 features at most; got 16777217. They are the columns of a table or the channels of an image, not the elements of an example.",
    () => nn.normalisation(2 ** 24 + 1),
  ],
  [
    "summary: there must be a shape for every input, { a, b }; got { a }. Give all of them.",
    () => ofTwo.summary(asAny({ a: [1] })),
  ],
  [
    "loadStateDict: every entry must be { shape, data } with finite numbers; got Uint16Array of 4 bytes for weight. Nothing was loaded. JSON keeps no typed arrays: save Array.from(data). Float16 bits are read by data.float16.",
    () =>
      nn.linear(2, 1).loadStateDict({
        weight: { shape: [1, 2], data: asAny(new Uint16Array(2)) },
        bias: { shape: [1], data: [0] },
      }),
  ],
  ...[nn.initialise.zeros, nn.initialise.normal(1)].map(
    (initialise): ErrorRow => [
      "initialise: the shape must be whole numbers of 0 or more, in a list, of less than 2^53 elements; got 3. Sizes are counted in elements, outermost first; a single number is [].",
      () => initialise(asAny(3), { in: 1, out: 1 }, keyOf(0)),
    ],
  ),
  [
    "memory: the host must have room for the elements; got 1073741824 of f32. Use smaller pieces.",
    () => hostArray("f32", 2 ** 30),
  ],
  [
    "initialise: a parameter may start with at most 2^27 elements; got [134217728, 2]. Choose smaller sizes, or divide the layer.",
    () => nn.initialise.zeros([2 ** 27, 2], { in: 1, out: 1 }, keyOf(0)),
  ],
  [
    "adam: a saved state must be that of the same parameters; got 2 numbers for step, which has 1. Build the model as it was when the state was saved.",
    longStep,
  ],
  [
    "withAverages: the optimizer must hold averages; got one without. Make it with { average: 0.999 }.",
    () => optim.withAverages(optim.sgd({ learningRate: 0.1 }), () => 1),
  ],
];

holdTexts([...functions, ...recurrent, ...measured, ...layers]);
