/** What the verbs that are compositions refuse, and in which words: at the call, under their own names. */
import { beforeAll, expect, test } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import * as g from "../../../src/functions.ts";
import { type Refusal, refuse } from "../../support/refusals.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting({ seed: 1 });
});

const f32 = (...shape: number[]) => g.ones(shape);
const i32 = (...shape: number[]) => g.ones(shape, "i32");

const scalars: readonly Refusal[] = [
  [
    () => g.silu(i32(2)),
    DTypeError,
    'silu: x must be f32; got i32[2]. Cast it first: cast(x, "f32").',
  ],
  [
    () => g.tan([1] as never),
    ArgumentError,
    "tan: x must be a tensor; got [1]. Make one of numbers: tensor([…]).",
  ],
  [
    () => g.gelu(f32(2), { approximate: "erf" as never }),
    ArgumentError,
    'gelu: approximate must be "none" or "tanh"; got "erf". Give another approximate.',
  ],
  [
    () => g.leakyRelu(f32(2), Number.NaN),
    ArgumentError,
    "leakyRelu: the slope must be a finite number; got NaN. Give another slope.",
  ],
  [
    () => g.glu(f32(2, 3)),
    ArgumentError,
    "glu: the axis must have an even size, for two halves; got axis -1 of size 3. Choose another axis.",
  ],
  [
    () => g.atan2(i32(2), 1),
    DTypeError,
    'atan2: y must be f32; got i32[2]. Cast it first: cast(y, "f32").',
  ],
  [
    () => g.mod(i32(2), f32(2)),
    DTypeError,
    'mod: a and b must have the same dtype; got a i32[2], b f32[2]. Cast one of them, for example cast(b, "i32").',
  ],
  [
    () => g.xor(f32(2), f32(2)),
    DTypeError,
    "xor: a must be bool; got f32[2]. Compare first, for example greater(x, 0).",
  ],
];

const reductions: readonly Refusal[] = [
  [
    () => g.prod(g.cast(f32(2), "bool")),
    DTypeError,
    'prod: x must be f32 or i32 or u32; got bool[2]. Cast it first: cast(x, "f32").',
  ],
  [
    () => g.prod(f32(2), { dim: 1 } as never),
    ArgumentError,
    'prod: options must be among axis, keepDims; got "dim". Did you mean axis?',
  ],
  [
    () => g.any(f32(2)),
    DTypeError,
    "any: x must be bool; got f32[2]. Compare first, for example greater(x, 0).",
  ],
  [
    () => g.all(f32(2)),
    DTypeError,
    "all: x must be bool; got f32[2]. Compare first, for example greater(x, 0).",
  ],
  [
    () => g.argmin(f32(2, 3), 2),
    ArgumentError,
    "argmin: an axis must be one of the input's dimensions; got axis 2 for f32[2, 3].",
  ],
  [
    () => g.variance(f32(2, 1), { axis: 1 }),
    ArgumentError,
    "variance: there must be more elements than the correction; got 1, correction 1. { correction: 0 } is the variance of one element, too.",
  ],
  [
    () => g.std(f32(2), { correction: "1" as never }),
    ArgumentError,
    'std: correction must be a number; got "1". Give another correction.',
  ],
  [
    () => g.norm(f32(2), { p: Number.NaN }),
    ArgumentError,
    "norm: p must be a number; got NaN. Give another p.",
  ],
  [
    () => g.normalise(f32(2), { dim: 0 } as never),
    ArgumentError,
    'normalise: options must be among p, axis, epsilon; got "dim". Did you mean axis?',
  ],
  [
    () => g.normalise(f32(2), { epsilon: 0 }),
    ArgumentError,
    "normalise: epsilon must be a number above 0; got 0. Give another epsilon.",
  ],
  [
    () => g.argmin(f32(2, 0)),
    ShapeError,
    "argmin: there must be an element; got axis 1 of f32[2, 0]. Leave out empty tensors.",
  ],
  ...(
    [
      [() => g.logSumExp(f32(2, 0), { axis: 1 }), "logSumExp", "axes [1] of f32[2, 0]"],
      [() => g.norm(f32(0), { p: Infinity }), "norm", "axes [0] of f32[0]"],
      [
        () => g.globalAvgPool2d(f32(1, 0, 2, 3)),
        "globalAvgPool2d",
        "axes [1, 2] of f32[1, 0, 2, 3]",
      ],
      [
        () => g.globalMaxPool2d(f32(1, 0, 2, 3)),
        "globalMaxPool2d",
        "axes [1, 2] of f32[1, 0, 2, 3]",
      ],
      [
        () => g.adaptiveMaxPool2d(f32(1, 2, 0, 3), 1),
        "adaptiveMaxPool2d",
        "axes [1, 2] of f32[1, 2, 0, 3]",
      ],
    ] as const
  ).map(
    ([call, name, of]): Refusal => [
      call,
      ShapeError,
      `${name}: there must be an element to reduce; got ${of}. Only the sum of nothing is defined: leave out empty tensors.`,
    ],
  ),
  [
    () => g.logSumExp(i32(2)),
    DTypeError,
    'logSumExp: x must be f32; got i32[2]. Cast it first: cast(x, "f32").',
  ],
  [
    () => g.cumsum(f32(2, 3), { axis: 2 }),
    ArgumentError,
    "cumsum: an axis must be one of the input's dimensions; got axis 2 for f32[2, 3]. Choose one from 0 to 1, or from -1 to -2 counted from the end.",
  ],
  [
    () => g.cummax(f32(2), { exclusive: true } as never),
    ArgumentError,
    'cummax: options must be among axis, reverse; got "exclusive". Leave it out.',
  ],
];

const together: readonly Refusal[] = [
  [
    () => g.add(g.greater(f32(2), 0), 9),
    ArgumentError,
    'add: a number beside a bool tensor must be 0 or 1; got 9. Cast the tensor first: cast(x, "f32").',
  ],
  [
    () => g.hypot(f32(2), f32(3)),
    ShapeError,
    "hypot: shapes must broadcast: aligned at the right, dimensions are equal or one of them is 1; got a f32[2], b f32[3]. Reshape one of them, for example to give it a dimension of size 1.",
  ],
  [
    () => g.floorDiv(g.greater(f32(2), 0), 1),
    DTypeError,
    'floorDiv: a must be f32 or i32 or u32; got bool[2]. Cast it first: cast(a, "f32").',
  ],
  [
    () => g.prelu(f32(2, 3), f32(2)),
    ShapeError,
    "prelu: shapes must broadcast: aligned at the right, dimensions are equal or one of them is 1; got x f32[2, 3], slopes f32[2]. Reshape one of them, for example to give it a dimension of size 1.",
  ],
  [
    () => g.rsqrt(i32(2)),
    DTypeError,
    'rsqrt: x must be f32; got i32[2]. Cast it first: cast(x, "f32").',
  ],
  [
    () => g.categorical(i32(2, 3)),
    DTypeError,
    'categorical: logits must be f32; got i32[2, 3]. Cast it first: cast(logits, "f32").',
  ],
  [
    () => g.variable([1], [1], 3 as never),
    ArgumentError,
    "variable: the name must be a text; got 3. Give another name.",
  ],
];

const arrangements: readonly Refusal[] = [
  [
    () => g.maximum(f32(2), i32(2)),
    DTypeError,
    'maximum: a and b must have the same dtype; got a f32[2], b i32[2]. Cast one of them, for example cast(b, "f32").',
  ],
  [
    () => g.all(g.greater(f32(3), 0), { axis: 7 }),
    ArgumentError,
    "all: an axis must be one of the input's dimensions; got axis 7 for bool[3].",
  ],
  [
    () => g.slice(f32(5), [0], [2], [0]),
    ArgumentError,
    "slice: steps must be a list of whole numbers other than 0, one for every dimension; got [0]. Give another steps.",
  ],
  [
    () => g.slice(f32(5, 2), [0, 0], [2, 1], [2]),
    ArgumentError,
    "slice: starts, sizes and steps must have an entry for every dimension; got 2, 2 and 1 for f32[5, 2]. Give 2 of each.",
  ],
  [
    () => g.slice(f32(5), [0, 0], [2, 1]),
    ArgumentError,
    "slice: starts must have an entry for every dimension; got 2 for f32[5]. Give 1.",
  ],
  [
    () => g.slice(f32(5), [2], [3], [2]),
    ArgumentError,
    "slice: all elements must lie inside x; got start 2, size 3, step 2 for axis 0 of f32[5]. From start on there must be (size - 1) · |step| elements more.",
  ],
  [
    () => g.stack([f32(2), f32(3)]),
    ShapeError,
    "stack: all must have one shape; got f32[2], f32[3]. concat joins tensors of different lengths.",
  ],
  [
    () => g.stack([]),
    ArgumentError,
    "stack: at least one tensor is needed; got an empty list. Leave stack out where there is nothing to join.",
  ],
  [
    () => g.split(f32(5), 2),
    ShapeError,
    "split: the pieces must make up the axis; got 2 for axis 0 of f32[5]. List the sizes of pieces that differ.",
  ],
  [
    () => g.split(f32(5), [2, 2]),
    ShapeError,
    "split: the pieces must make up the axis; got [2, 2] for axis 0 of f32[5]. One of them may be -1, which is what is left.",
  ],
  [
    () => g.roll(f32(5), 0.5),
    ArgumentError,
    "roll: the shift must be a whole number; got 0.5. Give another shift.",
  ],
  [
    () => g.roll(f32(5, 2), 1, [0, 1]),
    ArgumentError,
    "roll: every axis must have a shift of its own; got shift 1, axis [0, 1]. Write roll(x, [1, 1], [0, 1]).",
  ],
  [
    () => g.pixelShuffle(f32(1, 2, 2, 3), 2),
    ShapeError,
    "pixelShuffle: size² must divide the channels; got f32[1, 2, 2, 3], size 2. Images are [N, H, W, C].",
  ],
  [
    () => g.tile(f32(5), [-1]),
    ArgumentError,
    "tile: every one of repeats must be a whole number of 0 or more; got -1. 0 leaves nothing.",
  ],
  [
    () => g.padAs(f32(2, 3), [[1, 1]]),
    ShapeError,
    "padAs: padding must have an entry for every dimension; got 1 for f32[2, 3]. Give 2.",
  ],
  [
    () => g.padAs(f32(3), [[3, 0]], { mode: "reflect" }),
    ArgumentError,
    'padAs: padding must be at most 2 along a dimension of 3 with mode "reflect"; got [3, 0]. Give another padding.',
  ],
  [
    () => g.tril(f32(3)),
    ShapeError,
    "tril: x must be matrices [..., M, N]; got f32[3]. Reshape it.",
  ],
  [
    () => g.range(0, 5, 0),
    ArgumentError,
    "range: the step must not be 0; got 0. full() repeats a number.",
  ],
  [
    () => g.meshgrid(f32(2, 2)),
    ShapeError,
    "meshgrid: every x must be a vector; got f32[2, 2]. Reshape it to [N].",
  ],
  [
    () => g.depthToSpace(f32(1, 2, 2, 3), 2),
    ShapeError,
    "depthToSpace: size² must divide the channels; got f32[1, 2, 2, 3], size 2. Images are [N, H, W, C].",
  ],
];

const lookUps: readonly Refusal[] = [
  [
    () => g.take(f32(3), f32(2)),
    DTypeError,
    'take: ids must be i32; got f32[2]. Cast it first: cast(ids, "i32").',
  ],
  [
    () => g.take(f32(3, 2), -4),
    ArgumentError,
    "take: a place must be a whole number of at least -3 and less than 3, the size of axis 0; got -4 for f32[3, 2]. Negative ones count from the end.",
  ],
  [
    () => g.take(f32(3, 2), 0.5, 1),
    ArgumentError,
    "take: a place must be a whole number of at least -2 and less than 2, the size of axis 1; got 0.5 for f32[3, 2]. Negative ones count from the end.",
  ],
  [
    () => g.gather(f32(3, 2), i32(2), 0),
    ShapeError,
    "gather: ids must have x's rank, and at most its sizes along the other axes; got x f32[3, 2], ids i32[2], axis 0. take looks up the same ids everywhere.",
  ],
  [
    () => g.scatterAdd(f32(3), i32(2), f32(3), 0),
    ShapeError,
    "scatterAdd: source must have the shape of ids; got ids i32[2], source f32[3]. Slice or broadcast it.",
  ],
  [
    () => g.gatherNd(f32(3), i32(1, 2)),
    ShapeError,
    "gatherNd: ids must be [..., K], K at most x's rank; got x f32[3], ids i32[1, 2]. The last dimension of ids holds the indices of one block.",
  ],
  [
    () => g.oneHot(i32(2), -1),
    ArgumentError,
    "oneHot: depth must be a whole number of 0 or more; got -1. Give another depth.",
  ],
];

const orders: readonly Refusal[] = [
  [
    () => g.topK(f32(2, 3), 4),
    ArgumentError,
    "topK: k must be a whole number from 1 to the size of the axis; got 4 for axis 1 of f32[2, 3]. Choose a smaller one.",
  ],
  [
    () => g.sort(g.cast(f32(2), "bool")),
    DTypeError,
    'sort: x must be f32 or i32 or u32; got bool[2]. Cast it first: cast(x, "f32").',
  ],
  [
    () => g.argsort(f32(2), { largest: true } as never),
    ArgumentError,
    'argsort: options must be among axis, descending; got "largest". Leave it out.',
  ],
];

const einsums: readonly Refusal[] = [
  [
    () => g.einsum("ij;jk", f32(2, 3), f32(3, 2)),
    ArgumentError,
    'einsum: the pattern must be letters, ",", "..." and one "->"; got it in "ij;jk". For example einsum("bij,bjk->bik", a, b).',
  ],
  [
    () => g.einsum("ij,jk->ik", f32(2, 3)),
    ArgumentError,
    'einsum: there must be as many terms as tensors; got 1 tensors in "ij,jk->ik".',
  ],
  [
    () => g.einsum("ij->i", f32(2)),
    ShapeError,
    'einsum: a term must have a letter for every dimension; got "ij" for f32[2] in "ij->i".',
  ],
  [
    () => g.einsum("ij->k", f32(2, 3)),
    ArgumentError,
    'einsum: every letter of the result must stand in a term, and once in the result; got "k" in "ij->k".',
  ],
  [
    () => g.einsum("ij,jk->ik", f32(2, 3), f32(4, 2)),
    ShapeError,
    'einsum: the dimensions of one letter must have one size; got f32[2, 3], f32[4, 2] in "ij,jk->ik".',
  ],
  [
    () => g.einsum("ii->i", f32(2, 3)),
    ShapeError,
    'einsum: the dimensions of one letter must have one size; got "i" for 2 and 3 in f32[2, 3]. Name them apart.',
  ],
  [
    () => g.einsum("ij->i", i32(2, 3)),
    DTypeError,
    'einsum: xs[0] must be f32; got i32[2, 3]. Cast it first: cast(xs[0], "f32").',
  ],
];

refuse([
  ...scalars,
  ...reductions,
  ...together,
  ...arrangements,
  ...lookUps,
  ...orders,
  ...einsums,
]);

test.each<[() => unknown, string]>([
  [
    () => g.max(f32(2), f32(2) as never),
    "Write { axis: 0 }; maximum and minimum compare two tensors.",
  ],
  [
    () => g.argmax(f32(2, 3), { axis: 1 } as never),
    "argmax: an axis must be one of the input's dimensions; got axis { axis } for f32[2, 3]. Write the number by itself, 1.",
  ],
  [
    () => g.concat(f32(2) as never, f32(2) as never),
    "concat: xs must be a list; got a Tensor. Put them into one: [a, b].",
  ],
  [
    () => g.einsum("i,i->", [f32(2), f32(2)] as never),
    "einsum: xs[0] must be a tensor; got […, …]. Give tensors one by one, not in a list.",
  ],
  [
    () => g.clip(f32(2), 0, undefined as never),
    "clip: high must be a number; got undefined. Infinity and -Infinity are no bounds.",
  ],
  [() => g.arange(0, 5 as never), "arange: the dtype must be one of f32, i32, u32, bool; got 5."],
  [() => g.arange(2, "float" as never), "arange: the dtype must be one of f32, i32, u32, bool;"],
  [() => g.std(f32(2), { unbiased: false } as never), "Did you mean correction?"],
])("what other libraries write is refused with what to write here: %s", (call, message) => {
  expect(call).toThrow(message);
});
