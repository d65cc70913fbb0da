import type { Pool2d } from "../../src/ops/vocabulary.ts";
import { type PaddingOption, reach, resolvePadding, windowCount } from "../../src/ops/window.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import type { Case, CaseTable, InputSpec } from "./case.ts";
import { each } from "./each.ts";

interface Pooling {
  /** What is special; the op's name goes in front. */
  readonly name: string;
  /** [N, H, W, C] */
  readonly x: readonly [number, number, number, number];
  /** [KH, KW] */
  readonly window: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly padding?: PaddingOption;
  readonly dilation?: readonly [number, number];
  /** [OH, OW], where `window` is the widest. */
  readonly bins?: readonly [number, number];
}

/** Every pooling is a case of maximum and average pooling and of all their gradients. */
const poolings: readonly [Pooling, ...Pooling[]] = [
  { name: "of one pixel is that pixel", x: [1, 1, 1, 1], window: [1, 1] },
  { name: "of an empty batch", x: [0, 4, 4, 3], window: [2, 2] },
  { name: "2 × 2 of one channel", x: [2, 6, 6, 1], window: [2, 2] },
  { name: "2 × 2 of 16 channels, as in the CNN", x: [2, 8, 8, 16], window: [2, 2] },
  {
    name: "2 × 2 of 7 channels drops the last row and column of odd sizes",
    x: [1, 7, 5, 7],
    window: [2, 2],
  },
  { name: "3 × 3 with stride 2 overlaps", x: [1, 9, 7, 4], window: [3, 3], stride: [2, 2] },
  { name: "3 × 3 with stride 1", x: [1, 5, 6, 3], window: [3, 3], stride: [1, 1] },
  {
    name: "3 × 3 with stride 1 and same padding",
    x: [1, 5, 4, 5],
    window: [3, 3],
    stride: [1, 1],
    padding: "same",
  },
  {
    name: "3 × 3 with stride 2 and asymmetric same padding",
    x: [2, 6, 8, 3],
    window: [3, 3],
    stride: [2, 2],
    padding: "same",
  },
  {
    name: "3 × 3 with stride 2 of 38 channels, two blocks and a vector that is not whole",
    x: [1, 6, 8, 38],
    window: [3, 3],
    stride: [2, 2],
    padding: "same",
  },
  {
    name: "with four different paddings",
    x: [1, 5, 4, 2],
    window: [3, 3],
    stride: [2, 1],
    padding: [
      [0, 2],
      [1, 0],
    ],
  },
  {
    name: "with a stride beyond its window leaves cells unseen",
    x: [1, 8, 9, 2],
    window: [2, 3],
    stride: [3, 4],
  },
  { name: "over the whole image", x: [3, 5, 7, 17], window: [5, 7] },
  { name: "into bins that are alike", x: [2, 6, 8, 4], window: [3, 2], bins: [2, 4] },
  { name: "into uneven bins of one channel", x: [2, 7, 10, 1], window: [3, 3], bins: [3, 7] },
  { name: "into uneven bins of 5 channels", x: [1, 5, 7, 5], window: [2, 4], bins: [4, 2] },
  { name: "into uneven bins of 16 channels", x: [1, 10, 13, 16], window: [3, 3], bins: [7, 7] },
  { name: "into uneven bins of 77 pixels", x: [1, 21, 11, 6], window: [11, 11], bins: [2, 1] },
  { name: "into more bins than pixels", x: [1, 3, 2, 4], window: [2, 2], bins: [7, 5] },
  { name: "of one pixel into bins", x: [2, 1, 1, 3], window: [1, 1], bins: [2, 3] },
  {
    name: "3 × 3 of 5 channels, dilated, over the edge",
    x: [1, 6, 7, 5],
    window: [3, 3],
    stride: [1, 1],
    padding: 2,
    dilation: [2, 2],
  },
  {
    name: "3 × 2 of 16 channels, dilated by 3 and 2, with stride 2",
    x: [1, 9, 8, 16],
    window: [3, 2],
    stride: [2, 2],
    padding: [3, 1],
    dilation: [3, 2],
  },
  {
    name: "2 × 3 of one channel, dilated in columns, with a stride of 3",
    x: [2, 5, 14, 1],
    window: [2, 3],
    stride: [2, 3],
    padding: [0, 2],
    dilation: [1, 3],
  },
  {
    name: "2 × 2 of 4 channels, dilated, with stride 2",
    x: [1, 7, 8, 4],
    window: [2, 2],
    dilation: [3, 2],
  },
  {
    name: "9 × 8 cells, dilated",
    x: [1, 19, 17, 6],
    window: [9, 8],
    stride: [1, 2],
    padding: [1, 3],
    dilation: [2, 2],
  },
];

export const poolCases = {
  maxPool2d: [
    ...each(poolings, (pooling): Case<"maxPool2d"> => {
      const { x, attrs } = shapesOf(pooling);
      return { name: `maxPool2d ${pooling.name}`, ins: { x: distinct(x) }, attrs };
    }),
    {
      name: "maxPool2d of equal values takes the first",
      ins: { x: { shape: [1, 4, 4, 2], values: new Array<number>(32).fill(0.5) } },
      attrs: {
        window: [2, 2],
        stride: [2, 2],
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
      checkGradient: false, // every window is a tie
    },
    {
      name: "maxPool2d of a window with NaN is the first NaN",
      // Four channels, which are a vector, and one more; in each another cell is NaN, and in the last two are.
      ins: {
        x: {
          shape: [1, 2, 2, 5],
          values: [NaN, 1, 1, 1, 1, 2, NaN, 3, 0, NaN, 3, 0, NaN, 3, NaN, 0, 3, 2, NaN, 9],
        },
      },
      attrs: {
        window: [2, 2],
        stride: [2, 2],
        padding: [
          [0, 0],
          [0, 0],
        ],
      },
      checkGradient: false,
    },
    {
      name: "maxPool2d of negative values never takes the padding's zero",
      ins: { x: { shape: [1, 3, 3, 1], values: [-9, -2, -8, -3, -7, -4, -6, -5, -1] } },
      attrs: {
        window: [3, 3],
        stride: [1, 1],
        padding: [
          [1, 1],
          [1, 1],
        ],
      },
    },
  ],
  maxPool2dGrad: each(poolings, (pooling): Case<"maxPool2dGrad"> => {
    const { x, out, attrs } = shapesOf(pooling);
    return {
      name: `maxPool2dGrad ${pooling.name}`,
      ins: { g: { shape: out }, index: indices(x, out, attrs) },
      attrs: { ...attrs, inputShape: x },
    };
  }),
  maxPool2dGather: each(poolings, (pooling): Case<"maxPool2dGather"> => {
    const { x, out, attrs } = shapesOf(pooling);
    return {
      name: `maxPool2dGather ${pooling.name}`,
      ins: { x: { shape: x }, index: indices(x, out, attrs) },
      attrs,
    };
  }),
  avgPool2d: each(poolings, (pooling): Case<"avgPool2d"> => {
    const { x, attrs } = shapesOf(pooling);
    return { name: `avgPool2d ${pooling.name}`, ins: { x: { shape: x } }, attrs };
  }),
  avgPool2dGrad: each(poolings, (pooling): Case<"avgPool2dGrad"> => {
    const { x, out, attrs } = shapesOf(pooling);
    return {
      name: `avgPool2dGrad ${pooling.name}`,
      ins: { g: { shape: out } },
      attrs: { ...attrs, inputShape: x },
    };
  }),
} satisfies Pick<
  CaseTable,
  "maxPool2d" | "maxPool2dGrad" | "maxPool2dGather" | "avgPool2d" | "avgPool2dGrad"
>;

function shapesOf(pooling: Pooling): { x: Shape; out: Shape; attrs: Pool2d } {
  const { x, window, stride = window, padding: option = "valid", dilation, bins } = pooling;
  const [batch, height, width, channels] = x;
  const [dy, dx] = dilation ?? [1, 1];
  const wide = [reach(window[0], dy), reach(window[1], dx)] as const;
  const padding = resolvePadding(option, [height, width], wide, stride);
  const rows = bins?.[0] ?? windowCount(height, wide[0], stride[0], padding[0]);
  const columns = bins?.[1] ?? windowCount(width, wide[1], stride[1], padding[1]);
  const attrs = { window, stride, padding, ...(dilation && { dilation }), ...(bins && { bins }) };
  return { x, out: [batch, rows, columns, channels], attrs };
}

/** Values in [-1, 1) of which no two are closer than 2 / size: far more than a finite difference moves them. */
function distinct(shape: Shape): InputSpec {
  const size = sizeOf(shape);
  // 7919 is a prime that divides none of the sizes, so that the multiples run through all remainders.
  return {
    shape,
    values: Array.from({ length: size }, (_, i) => ((i * 7919) % size) * (2 / size) - 1),
  };
}

/** For every window a cell of it that lies on the image, a different one from window to window. */
function indices(x: Shape, out: Shape, attrs: Pool2d): InputSpec {
  const [, height = 0, width = 0] = x;
  const [, rows = 0, columns = 0, channels = 0] = out;
  const values = Array.from({ length: sizeOf(out) }, (_, i) => {
    const position = Math.floor(i / channels);
    const down = cellsOn(attrs, 0, Math.floor(position / columns) % rows, height, rows);
    const across = cellsOn(attrs, 1, position % columns, width, columns);
    const cells = down.flatMap((kh) => across.map((kw) => kh * attrs.window[1] + kw));
    return cells[(i * 7) % cells.length] ?? 0;
  });
  return { shape: out, dtype: "i32", values };
}

/** Which cells of window i along one dimension lie on the image. */
function cellsOn(attrs: Pool2d, d: 0 | 1, i: number, size: number, count: number): number[] {
  const { window, stride, padding, dilation, bins } = attrs;
  if (bins)
    return [...Array(Math.ceil(((i + 1) * size) / count) - Math.floor((i * size) / count)).keys()];
  const first = i * stride[d] - padding[d][0];
  return [...Array(window[d]).keys()].filter((k) => {
    const at = first + k * (dilation?.[d] ?? 1);
    return at >= 0 && at < size;
  });
}
