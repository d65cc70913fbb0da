import type { Conv2d } from "../../src/ops/vocabulary.ts";
import { type PaddingOption, resolvePadding, windowCount } from "../../src/ops/window.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Case, CaseTable } from "./case.ts";
import { each } from "./each.ts";

interface Convolution {
  /** What is special; the op's name goes in front. */
  readonly name: string;
  /** [N, H, W, C] */
  readonly x: readonly [number, number, number, number];
  /** [KH, KW] */
  readonly window: readonly [number, number];
  /** OC */
  readonly to: number;
  readonly stride?: readonly [number, number];
  readonly padding?: PaddingOption;
  /** 1 where nothing is said. */
  readonly groups?: number;
}

/** Every convolution is a case of conv2d and of both of its gradients. */
const convolutions: readonly [Convolution, ...Convolution[]] = [
  { name: "of one pixel by a 1 × 1 filter is a product", x: [1, 1, 1, 1], window: [1, 1], to: 1 },
  { name: "of an empty batch", x: [0, 4, 4, 3], window: [3, 3], to: 2 },
  { name: "of one channel, 3 × 3 same", x: [2, 7, 7, 1], window: [3, 3], to: 7, padding: "same" },
  { name: "of one channel to 32", x: [1, 6, 5, 1], window: [3, 3], to: 32, padding: "same" },
  { name: "of 3 channels, valid", x: [2, 8, 9, 3], window: [3, 3], to: 7 },
  { name: "of 4 channels, valid", x: [2, 6, 6, 4], window: [3, 3], to: 8 },
  { name: "of 5 channels, same", x: [1, 7, 5, 5], window: [3, 3], to: 7, padding: "same" },
  { name: "of 8 channels to 32, same", x: [2, 7, 7, 8], window: [3, 3], to: 32, padding: "same" },
  {
    name: "of 16 channels to 32, as in the CNN's second layer",
    x: [1, 6, 6, 16],
    window: [3, 3],
    to: 32,
    padding: "same",
  },
  {
    name: "of 17 channels to 33, one more than a tile",
    x: [1, 5, 4, 17],
    window: [3, 3],
    to: 33,
    padding: "same",
  },
  { name: "to one channel", x: [2, 5, 5, 4], window: [3, 3], to: 1, padding: 1 },
  { name: "by a 1 × 1 filter", x: [2, 5, 7, 5], window: [1, 1], to: 7 },
  {
    name: "by a 1 × 1 filter with stride 2",
    x: [1, 6, 7, 4],
    window: [1, 1],
    to: 3,
    stride: [2, 2],
  },
  {
    name: "with stride 2 drops the last column of an even input",
    x: [2, 7, 8, 3],
    window: [3, 3],
    to: 7,
    stride: [2, 2],
  },
  {
    name: "with stride 2 and same padding pads an even input behind only",
    x: [1, 8, 6, 3],
    window: [3, 3],
    to: 4,
    stride: [2, 2],
    padding: "same",
  },
  {
    name: "with stride 2 and an even window",
    x: [1, 8, 7, 4],
    window: [2, 2],
    to: 5,
    stride: [2, 2],
  },
  {
    name: "with an even window and same padding",
    x: [1, 5, 6, 3],
    window: [4, 2],
    to: 4,
    padding: "same",
  },
  {
    name: "with different strides of rows and columns",
    x: [1, 9, 8, 2],
    window: [3, 2],
    to: 5,
    stride: [2, 1],
  },
  {
    name: "with a stride beyond its window leaves cells unseen",
    x: [1, 8, 9, 2],
    window: [2, 2],
    to: 3,
    stride: [3, 4],
  },
  {
    name: "with four different paddings",
    x: [1, 5, 4, 3],
    window: [3, 3],
    to: 4,
    padding: [
      [0, 2],
      [1, 0],
    ],
  },
  {
    name: "of windows that end before the image begins",
    x: [2, 1, 1, 3],
    window: [1, 1],
    to: 2,
    stride: [5, 5],
    padding: [
      [3, 0],
      [3, 0],
    ],
  },
  { name: "with more padding than its window", x: [1, 3, 2, 2], window: [2, 2], to: 3, padding: 3 },
  { name: "with a window as large as the image", x: [3, 5, 4, 3], window: [5, 4], to: 7 },
  { name: "with a 5 × 5 window, same", x: [1, 9, 7, 4], window: [5, 5], to: 7, padding: "same" },
  { name: "in 2 groups, same", x: [2, 6, 5, 4], window: [3, 3], to: 6, padding: "same", groups: 2 },
  { name: "in 2 groups of 4 channels to 8", x: [1, 5, 6, 8], window: [3, 3], to: 16, groups: 2 },
  { name: "in 3 groups of 5 channels to 7", x: [1, 5, 7, 15], window: [3, 2], to: 21, groups: 3 },
  {
    name: "in 2 groups of 17 channels to 33, one more than a tile",
    x: [1, 4, 5, 34],
    window: [3, 3],
    to: 66,
    padding: "same",
    groups: 2,
  },
  {
    name: "in 4 groups with different strides and paddings",
    x: [2, 8, 7, 8],
    window: [3, 3],
    to: 4,
    stride: [2, 3],
    padding: [
      [0, 2],
      [1, 0],
    ],
    groups: 4,
  },
  { name: "in 5 groups by a 1 × 1 filter", x: [2, 3, 4, 10], window: [1, 1], to: 15, groups: 5 },
  { name: "in 2 groups of an empty batch", x: [0, 4, 4, 4], window: [3, 3], to: 2, groups: 2 },
  { name: "by depth of one pixel", x: [1, 1, 1, 2], window: [1, 1], to: 2, groups: 2 },
  {
    name: "by depth of 8 channels, same",
    x: [2, 7, 9, 8],
    window: [3, 3],
    to: 8,
    padding: "same",
    groups: 8,
  },
  {
    name: "by depth of 13 channels in wide rows, same",
    x: [1, 5, 23, 13],
    window: [3, 3],
    to: 13,
    padding: "same",
    groups: 13,
  },
  { name: "by depth with a 5 × 7 window", x: [1, 9, 11, 5], window: [5, 7], to: 5, groups: 5 },
  {
    name: "by depth with stride 2 pads an even input behind only",
    x: [2, 8, 22, 12],
    window: [3, 3],
    to: 12,
    stride: [2, 2],
    padding: "same",
    groups: 12,
  },
  {
    name: "by depth with different strides and paddings",
    x: [1, 9, 8, 4],
    window: [3, 2],
    to: 4,
    stride: [2, 3],
    padding: [
      [0, 2],
      [1, 0],
    ],
    groups: 4,
  },
  {
    name: "by depth with a stride beyond its window",
    x: [1, 8, 9, 3],
    window: [2, 2],
    to: 3,
    stride: [3, 4],
    groups: 3,
  },
  {
    name: "by depth with more padding than its window",
    x: [1, 3, 2, 4],
    window: [2, 2],
    to: 4,
    padding: 3,
    groups: 4,
  },
  {
    name: "by depth, two outputs a channel",
    x: [2, 6, 7, 6],
    window: [3, 3],
    to: 12,
    padding: "same",
    groups: 6,
  },
  {
    name: "by depth, three outputs a channel, stride 2",
    x: [1, 7, 8, 5],
    window: [3, 3],
    to: 15,
    stride: [2, 2],
    groups: 5,
  },
  {
    name: "in 9 groups of 2 channels to 2, a block and two results, in steps beyond the window",
    x: [2, 7, 9, 18],
    window: [2, 3],
    to: 18,
    stride: [3, 4],
    padding: [
      [2, 0],
      [1, 2],
    ],
    groups: 9,
  },
  {
    name: "in 3 groups of 3 channels to 1 with stride 2, same",
    x: [1, 8, 7, 9],
    window: [3, 3],
    to: 3,
    stride: [2, 2],
    padding: "same",
    groups: 3,
  },
  {
    name: "in 8 groups of 4 channels to 4, more rows than an item has",
    x: [1, 40, 8, 32],
    window: [3, 3],
    to: 32,
    padding: 1,
    groups: 8,
  },
  {
    name: "in 2 groups of 4 channels to 3 whose windows lie in the padding, too",
    x: [1, 2, 3, 8],
    window: [5, 4],
    to: 6,
    padding: [
      [6, 7],
      [4, 5],
    ],
    groups: 2,
  },
  { name: "by depth of an empty batch", x: [0, 4, 4, 3], window: [3, 3], to: 3, groups: 3 },
];

export const convCases = {
  conv2d: each(convolutions, (convolution): Case<"conv2d"> => {
    const { x, w, attrs } = shapesOf(convolution);
    return { name: `conv2d ${convolution.name}`, ins: { x: { shape: x }, w: { shape: w } }, attrs };
  }),
  conv2dInputGrad: each(convolutions, (convolution): Case<"conv2dInputGrad"> => {
    const { x, w, out, attrs } = shapesOf(convolution);
    return {
      name: `conv2dInputGrad ${convolution.name}`,
      ins: { g: { shape: out }, w: { shape: w } },
      attrs: { ...attrs, inputShape: x },
    };
  }),
  conv2dFilterGrad: each(convolutions, (convolution): Case<"conv2dFilterGrad"> => {
    const { x, w, out, attrs } = shapesOf(convolution);
    return {
      name: `conv2dFilterGrad ${convolution.name}`,
      ins: { x: { shape: x }, g: { shape: out } },
      attrs: { ...attrs, filterShape: w },
    };
  }),
} satisfies Pick<CaseTable, "conv2d" | "conv2dInputGrad" | "conv2dFilterGrad">;

function shapesOf(convolution: Convolution): { x: Shape; w: Shape; out: Shape; attrs: Conv2d } {
  const { x, window, to, stride = [1, 1], padding: option = "valid", groups = 1 } = convolution;
  const [batch, height, width, channels] = x;
  const padding = resolvePadding(option, [height, width], window, stride);
  const rows = windowCount(height, window[0], stride[0], padding[0]);
  const columns = windowCount(width, window[1], stride[1], padding[1]);
  return {
    x,
    w: [...window, channels / groups, to],
    out: [batch, rows, columns, to],
    attrs: { stride, padding, groups },
  };
}
