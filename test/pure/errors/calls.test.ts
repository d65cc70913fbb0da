/** What functions, layers, losses and initialisers say of what they are handed: given, expected, what to do. */
import { beforeAll } from "vitest";
import * as g from "../../../src/functions.ts";
import {
  cropAndResize,
  mul,
  ones,
  profile,
  repeat,
  sumOfSquares,
  Tensor,
  tensor,
  Variable,
  vjp,
  zeros,
} from "../../../src/functions.ts";
import { losses, nn } from "../../../src/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { foldIn, keyOf } from "../../../src/tensor/random.ts";
import { seeded } from "../../../src/testing/seeded.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const i32 = (...shape: number[]) => ones(shape, "i32");
const draws = () => seeded(1)[0];
const stepped = nn.module("mine", asAny({ step: () => ({ y: 1 }), stateShapes: () => [] }));

/** Said where a cell is described: its step is traced there. */
const mine = { name: "mine", states: ["h"], sums: ["a"] } as const;
const cells: readonly ErrorRow[] = [
  [
    'cell: the name must be a text, not empty; got "". Give another name.',
    () => g.cell({ ...mine, name: "", step: () => ({ h: 0 }) }),
  ],
  [
    'mine: a name of states must be a text, not empty; got " ". Give one: ["h"].',
    () => g.cell({ ...mine, states: [" "], step: () => ({ " ": 0 }) }),
  ],
  [
    "mine: what a step gives must be a record; got undefined. Return { h }.",
    () => g.cell({ ...mine, step: asAny(() => undefined) }),
  ],
  [
    "mine: a step must give an f32 value for h; got bool. Compute it with the functions that the step is handed, and return { h }.",
    () => g.cell({ ...mine, step: (m, { a }) => ({ h: m.greater(a, 0) }) }),
  ],
  [
    "mine: what a step computes with must be a number or a value that the step has; got undefined. Name what it reads in states, inputs, sums or vectors.",
    () =>
      g.cell({
        ...mine,
        step: (m, x) => ({ h: m.tanh((x as { b?: never }).b ?? asAny(undefined)) }),
      }),
  ],
];

const functions: readonly ErrorRow[] = [
  [
    "sumOfSquares: there must be a tensor; got no tensors. Give one or more.",
    () => sumOfSquares([]),
  ],
  [
    "repeat: the number of times must be a whole number of 0 or more; got -1. Give another number of times.",
    () => repeat(zeros([2]), -1),
  ],
  [
    "tril: the diagonal must be a whole number; got 0.5. Give another diagonal.",
    () => g.tril(zeros([2, 2]), 0.5),
  ],
  [
    "foldIn: the key must be a key, two numbers; got 3. It is made by keyOf(seed).",
    () => foldIn(asAny(3), 1),
  ],
  [
    "foldIn: the index must be a whole number; got 0.5. Give another index.",
    () => foldIn(keyOf(1), 0.5),
  ],
  [
    'full: a number beside a tensor must be a number; got "2". Make a tensor of it: tensor([…]).',
    () => g.full([2], asAny("2")),
  ],
  [
    "tensor: its value must be a value of a graph; got 3. Make tensors by tensor([…]) and the functions.",
    () => new Tensor(asAny(3)),
  ],
  [
    "variable: the type must be a record; got 3. It is { dtype, shape }.",
    () => new Variable(asAny(3), new Float32Array(1)),
  ],
  [
    "vjp: the cotangent must have the output's type; got f32[3] for f32[2]. Make it ones(y.shape), or cast and reshape it.",
    () => vjp((x) => x, zeros([2]))[1](zeros([3])),
  ],
  [
    "vjp: only f32 tensors have gradients; got i32[2]. Leave it out of the list.",
    () => vjp((x) => x, i32(2))[1](i32(2)),
  ],
  [
    "planStep: the types of its arguments must be a list; got 3. Give { dtype, shape } of each.",
    () => planStep(() => zeros([1]), asAny(3), asAny({ groups: {} })),
  ],
  [
    "planStep: the traits must be what a device's planner is told; got 3. Take those of a device.",
    () => planStep(() => zeros([1]), [], asAny(3)),
  ],
  [
    "cropAndResize: there must be four corners and an image for every box, [M, 4] and [M]; got boxes f32[2, 3], images i32[2]. A box is [y1, x1, y2, x2], its image an index of x.",
    () => cropAndResize(zeros([1, 4, 4, 1]), zeros([2, 3]), i32(2), [2, 2]),
  ],
  [
    "localResponseNorm: x must have channels, [..., C]; got f32[]. Images are [N, H, W, C].",
    () => g.localResponseNorm(tensor(1), 3),
  ],
  [
    "profile: one profile must have ended before another begins; got a second one. Await the first.",
    () => Promise.all([profile(() => mul(zeros([2]), 2).data()), profile(() => undefined)]),
  ],
  [
    "scan: what stands for a step inside a cell has no values outside of it; got carry, kept from a cell. Give it back as carry or y.",
    async () => {
      let kept: Tensor | undefined;
      g.scan(
        (h: Tensor, x: Tensor) => {
          kept = h;
          return { carry: h, y: x };
        },
        zeros([2]),
        zeros([3, 2]),
      );
      if (kept !== undefined) await mul(kept, 2).data();
    },
  ],
];

const shapes: readonly ErrorRow[] = [
  [
    "attention: q, k and v must be [..., Tq, D], [..., Tk, D] and [..., Tk, E]; got f32[2, 3], f32[4, 5], f32[4, 3]. Queries and keys have as many features, keys and values as many steps.",
    () => g.attention(zeros([2, 3]), zeros([4, 5]), zeros([4, 3])),
  ],
  [
    "squeeze: the dimension must have size 1; got axis 0 of f32[2]. Choose another axis.",
    () => g.squeeze(zeros([2]), 0),
  ],
  [
    "tensor: the data must have one element for each of the shape's; got 3 elements for f32[2]. Change the shape, or what the data holds.",
    () => tensor(new Float32Array(3), [2]),
  ],
];

const layers: readonly ErrorRow[] = [
  [
    'module: the kind must be a text, not empty; got "". It stands in errors and in summary().',
    () => nn.module("", { forward: (x) => x }),
  ],
  [
    "module: what step returns must be { y, state }, the state a list of tensors; got { y }. Return { y, state: [h] }.",
    () => stepped.step(asAny(zeros([1])), undefined),
  ],
  [
    "multiHeadAttention: the input must be sequences of 4 features, three dimensions; got f32[2, 4]. They are [T, B, features], or [B, T, features] with { batchFirst: true }; nn.embedding makes features of ids.",
    () => nn.multiHeadAttention(4, 2)(zeros([2, 4])),
  ],
  [
    "multiHeadAttention: lengths must be i32[2], one for each sequence; got f32[2]. Make it tensor(Int32Array.from(lengths)), or take nn.lengthsOf(ids).",
    () => nn.multiHeadAttention(4, 2).run(zeros([3, 2, 4]), asAny({ lengths: zeros([2]) })),
  ],
  [
    "multiHeadAttention: memory must have as many sequences as x; got x f32[3, 2, 4], memory f32[3, 5, 4]. They are one batch.",
    () => nn.multiHeadAttention(4, 2).run(zeros([3, 2, 4]), { memory: zeros([3, 5, 4]) }),
  ],
  [
    "multiHeadAttention: the mask must broadcast to [2, 2, 3, 3]; got f32[2, 3]. It is [B, heads, Tq, Tk].",
    () => nn.multiHeadAttention(4, 2).run(zeros([3, 2, 4]), { mask: zeros([2, 3]) }),
  ],
  [
    'transformerBlock: options must be among lengths, mask; got "memory". Leave it out.',
    () => nn.transformerBlock(4, 2).run(zeros([3, 2, 4]), asAny({ memory: zeros([3, 2, 4]) })),
  ],
  [
    "lengthsOf: ids must have two dimensions; got i32[3, 2, 1]. They are [T, B], or [B, T] with { batchFirst: true }.",
    () => nn.lengthsOf(i32(3, 2, 1)),
  ],
  [
    'lengthsOf: ids must be i32; got f32[3, 2]. Cast it first: cast(ids, "i32").',
    () => nn.lengthsOf(zeros([3, 2])),
  ],
  [
    "gru: a sequence must have at least one step; got f32[0, 2, 3] for gru(3, 4). Leave it out.",
    () => nn.gru(3, 4)(zeros([0, 2, 3])),
  ],
  [
    "gru: the state must be a list; got a Tensor. Give what run() or step() returned.",
    () => nn.gru(3, 4).run(zeros([5, 2, 3]), asAny({ state: zeros([2, 4]) })),
  ],
  [
    'conv1d: padding must be "same", "valid", a whole number of 0 or more, or [before, after]; got -1. Give another padding.',
    () => nn.conv1d(3, 8, 3, { padding: -1 }),
  ],
  [
    'conv1dTranspose: outputPadding must be smaller than the larger of stride and dilation, and 0 with padding "same"; got outputPadding 2, stride 2, dilation 1. pad() adds zeros.',
    () => nn.conv1dTranspose(3, 8, 3, { stride: 2, outputPadding: 2 }),
  ],
  [
    'maxPool1d: options must be among stride, padding, ceilMode, dilation; got "ceil". Did you mean ceilMode?',
    () => nn.maxPool1d(2, asAny({ ceil: true })),
  ],
  [
    'upsample2d: options must be among mode, coordinates; got "alignCorners". Did you mean coordinates?',
    () => nn.upsample2d(2, asAny({ alignCorners: true })),
  ],
  [
    "batchNorm1d: in training, and without running statistics, there must be more than one number a channel; got f32[1, 3]. Take larger batches, leave out a last one that is smaller (dropLast), or call eval() of a layer that tracks running statistics.",
    () => {
      const layer = nn.batchNorm1d(3, { trackRunningStats: false });
      layer.eval();
      layer(zeros([1, 3]));
    },
  ],
  [
    "positionalEncoding: the input must be sequences of 4 features and at most 3 steps; got f32[5, 1, 4]. They are [T, B, features]; make it for as many steps as the longest has.",
    () => nn.positionalEncoding(3, 4)(zeros([5, 1, 4])),
  ],
  [
    "normalisation: means must be finite in f32, and variances 0 or more as well; got mean NaN, variance 1 of feature 0. Take the moments of data without NaN and infinities.",
    () => nn.normalisation(asAny({ mean: [Number.NaN], variance: [1] })),
  ],
  [
    "lstm: the projection must be to fewer numbers than there are units, 3; got 3. Leave it out where none is wanted.",
    () => nn.lstm(2, 3, { projection: 3 }),
  ],
  [
    "initialise.truncatedNormal: the deviation must be a finite number; got NaN. Give another deviation.",
    () => nn.initialise.truncatedNormal(Number.NaN),
  ],
  [
    "initialise.truncatedNormal: the limit must be 1 or more; got 0. Give another limit.",
    () => nn.initialise.truncatedNormal(1, 0),
  ],
  [
    "initialise.dirac: the shape must be a list; got 3. Give another shape.",
    () => nn.initialise.dirac(asAny(3), asAny(undefined), asAny(undefined)),
  ],
  [
    "stateful: step() cannot be called after dispose(); got a session of linear. Make a new one with nn.stateful.",
    async () => {
      const session = nn.stateful(nn.linear(2, 1));
      session.dispose();
      await session.step(zeros([1, 1, 2]));
    },
  ],
  [
    "stateful: the state must be a list; got 3. Give what state() returned.",
    () => nn.stateful(nn.linear(2, 1)).loadState(asAny(3)),
  ],
  [
    "moveTo: the runtime must be a runtime; got 3. Take that of `await init()`.",
    () => nn.linear(2, 1).moveTo(asAny(3)),
  ],
];

const loss: readonly ErrorRow[] = [
  [
    "crossEntropy: classWeights must be f32[3], one for each class; got f32[2]. The classes are the last dimension of the logits.",
    () => losses.crossEntropy(zeros([2, 3]), i32(2), { classWeights: zeros([2]) }),
  ],
  [
    "ctc: lengths must be i32[1], the frames of each sequence; got f32[1]. Make it tensor(Int32Array.from(frames)); without it all have every frame.",
    () => losses.ctc(zeros([4, 1, 3]), i32(1, 2), { lengths: zeros([1]) }),
  ],
];

const testing: readonly ErrorRow[] = [
  [
    "floats: the lower bound must be a finite number; got NaN. Give another lower bound.",
    () => draws()?.floats(1, Number.NaN),
  ],
  [
    "floats: the upper bound must be a finite number; got Infinity. Give another upper bound.",
    () => draws()?.float(0, Number.POSITIVE_INFINITY),
  ],
  [
    "pick: there must be something to pick from; got an empty list. Give one of an item or more.",
    () => draws()?.pick([]),
  ],
];

holdTexts([...cells, ...functions, ...shapes, ...layers, ...loss, ...testing]);
