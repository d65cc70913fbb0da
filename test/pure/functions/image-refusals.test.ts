/** What verbs over images, lines and volumes refuse, and in which words. */
import { beforeAll } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import * as g from "../../../src/functions.ts";
import { type Refusal, refuse } from "../../support/refusals.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting({ seed: 1 });
});

const f32 = (...shape: number[]) => g.ones(shape);
const i32 = (...shape: number[]) => g.ones(shape, "i32");

const images: readonly Refusal[] = [
  [
    () => g.conv3d(f32(1, 4, 4, 4), f32(2, 2, 2, 1, 1)),
    ShapeError,
    "conv3d: x must have 5 dimensions; got f32[1, 4, 4, 4]. It is [N, D, H, W, C].",
  ],
  [
    () => g.conv3d(f32(1, 4, 4, 4, 4), f32(2, 2, 2, 4, 3), { groups: 2 }),
    ShapeError,
    "conv3d: the filters' input channels must equal the input's channels / groups; got x f32[1, 4, 4, 4, 4], w f32[2, 2, 2, 4, 3], groups 2. Volumes are [N, D, H, W, C], filters [KD, KH, KW, IC / groups, OC]: here 4 / 2 against 4 channels.",
  ],
  [
    () => g.conv3d(f32(1, 2, 4, 4, 1), f32(3, 2, 2, 1, 1)),
    ShapeError,
    "conv3d: the window must fit into the padded input; got 2 × 4 × 4 padded by [0,0], [0,0], [0,0], window 3 × 2 × 2.",
  ],
  [
    () => g.maxPool3d(f32(1, 4, 4, 4, 1), 0),
    ArgumentError,
    "maxPool3d: the window must be a whole number of 1 or more, at most 2^20, or [depth, rows, columns]; got 0. Give another window.",
  ],
  [
    () => g.avgPool3d(f32(1, 4, 4, 4, 1), 2, { padding: [1, 1] as never }),
    ArgumentError,
    'avgPool3d: padding must be "same", "valid", a whole number of 0 or more, at most 2^20, or [depth, rows, columns], each a number or [before, after]; got [1, 1]. Give another padding.',
  ],
  [
    () => g.maxPool3d(f32(1, 4, 4, 4, 1), 2, { dilation: 2 } as never),
    ArgumentError,
    'maxPool3d: options must be among stride, padding, ceilMode; got "dilation".',
  ],
  [
    () => g.cropAndResize(f32(1, 4, 4, 1), f32(2, 3), i32(2), [2, 2]),
    ShapeError,
    "cropAndResize: there must be four corners and an image for every box, [M, 4] and [M]; got boxes f32[2, 3], images i32[2].",
  ],
  [
    () => g.cropAndResize(f32(1, 4, 4, 1), f32(2, 4), f32(2), [2, 2]),
    DTypeError,
    "cropAndResize: images must be i32; got f32[2].",
  ],
  [
    () => g.localResponseNorm(f32(2, 3), 0),
    ArgumentError,
    "localResponseNorm: the size must be a whole number of 1 or more; got 0. Give another size.",
  ],
  [
    () => g.localResponseNorm(f32(), 3),
    ShapeError,
    "localResponseNorm: x must have channels, [..., C]; got f32[].",
  ],
  [
    () => g.conv2d(f32(1, 5, 5, 1), f32(3, 3, 1, 1), { dilation: 0 }),
    ArgumentError,
    "conv2d: dilation must be a whole number of 1 or more, at most 2^20, or [rows, columns]; got 0. Give another dilation.",
  ],
  [
    () => g.conv2d(f32(1, 5, 5, 1), f32(3, 3, 1, 1), { dilation: 3 }),
    ShapeError,
    'conv2d: the window must fit into the padded input; got 5 × 5 padded by [0,0], [0,0], window 7 × 7. Use a larger input, a smaller window, or padding "same".',
  ],
  [
    () => g.conv1d(f32(1, 5), f32(3, 1, 1)),
    ShapeError,
    "conv1d: x must have 3 dimensions; got f32[1, 5]. It is [N, L, C].",
  ],
  [
    () => g.conv1d(f32(1, 5, 1), f32(3, 1, 1), { padding: "full" as never }),
    ArgumentError,
    'conv1d: padding must be "same", "valid", a whole number of 0 or more, or [before, after]; got "full". Give another padding.',
  ],
  [
    () => g.conv2dTranspose(f32(1, 3, 3, 1), f32(3, 3, 1, 1), { stride: 2, outputPadding: 2 }),
    ArgumentError,
    'conv2dTranspose: outputPadding must be smaller than the larger of stride and dilation, and 0 with padding "same"; got outputPadding [2, 2], stride [2, 2], dilation [1, 1]. pad() adds zeros.',
  ],
  [
    () => g.conv1dTranspose(f32(1, 3, 1), f32(3, 1, 1), { dilation: 3, outputPadding: 3 }),
    ArgumentError,
    'conv1dTranspose: outputPadding must be smaller than the larger of stride and dilation, and 0 with padding "same"; got outputPadding 3, stride 1, dilation 3. pad() adds zeros.',
  ],
  [
    () =>
      g.conv2dTranspose(f32(1, 1, 2, 1), f32(1, 1, 1, 1), {
        padding: [
          [0, 1],
          [0, 0],
        ],
      }),
    ShapeError,
    "conv2dTranspose: the result must have rows and columns; got 0 × 2, from x f32[1, 1, 2, 1], w f32[1, 1, 1, 1], padding [0,1], [0,0]. Padding is taken off the result: give less of it.",
  ],
  [
    () => g.maxPool2d(f32(1, 4, 4, 1), 2, { countIncludePad: false } as never),
    ArgumentError,
    'maxPool2d: options must be among stride, padding, dilation, ceilMode; got "countIncludePad".',
  ],
  [
    () => g.maxPool1d(f32(1, 4, 1), 0),
    ArgumentError,
    "maxPool1d: the window must be a whole number of 1 or more; got 0. Give another window.",
  ],
  [
    () => g.adaptiveAvgPool2d(f32(4, 4), 2),
    ShapeError,
    "adaptiveAvgPool2d: x must have 4 dimensions; got f32[4, 4]. It is [N, H, W, C].",
  ],
  [
    () => g.resize(f32(1, 4, 4, 1), [0, 2]),
    ArgumentError,
    "resize: the size must be [rows, columns], whole numbers of 1 or more, at most 2^20; got [0, 2]. Give another size.",
  ],
  [
    () => g.upsample2d(f32(1, 4, 4, 1), -1),
    ArgumentError,
    "upsample2d: the scale must be a number above 0, or [rows, columns]; got -1. Give another scale.",
  ],
  [
    () => g.conv3d(f32(1, 4, 4, 4, 1), f32(2, 2, 1, 1)),
    ShapeError,
    "conv3d: w must have 5 dimensions; got f32[2, 2, 1, 1]. It is [KD, KH, KW, C / groups, OC].",
  ],
  [
    () => g.conv2d(f32(1, 5, 5, 1), f32(3, 3, 1), { dilation: 2 }),
    ShapeError,
    "conv2d: w must have 4 dimensions; got f32[3, 3, 1]. It is [KH, KW, C / groups, OC].",
  ],
  [
    () => g.conv1d(f32(1, 5, 3), f32(3, 4, 8)),
    ShapeError,
    "conv1d: the filters' input channels must equal the input's channels / groups; got x f32[1, 5, 3], w f32[3, 4, 8], groups 1. Lines are [N, L, C], filters [K, IC / groups, OC]: here 3 / 1 against 4 channels.",
  ],
  [
    () => g.conv1d(f32(1, 5, 4), f32(3, 2, 7), { groups: 2 }),
    ShapeError,
    "conv1d: groups must divide the output channels; got x f32[1, 5, 4], w f32[3, 2, 7], groups 2. Filters are [K, IC / groups, OC], each group makes OC / groups of them: choose OC as a multiple of 2.",
  ],
  [
    () => g.conv1d(f32(1, 5, 3), f32(7, 3, 8)),
    ShapeError,
    'conv1d: the window must fit into the padded input; got 5 padded by [0,0], window 7. Use a larger input, a smaller window, or padding "same".',
  ],
  [
    () => g.conv1dTranspose(f32(1, 5, 3), f32(3, 4, 8)),
    ShapeError,
    "conv1dTranspose: the filters' input channels must equal the input's channels; got x f32[1, 5, 3], w f32[3, 4, 8], groups 1. Lines are [N, L, C], filters [K, OC / groups, IC]: here 3 against 8 channels.",
  ],
  [
    () => g.conv1dTranspose(f32(1, 2, 1), f32(1, 1, 1), { padding: 1 }),
    ShapeError,
    "conv1dTranspose: the result must have an element; got a length of 0, from x f32[1, 2, 1], w f32[1, 1, 1], padding [1, 1]. Padding is taken off the result: give less of it.",
  ],
  [
    () => g.conv2dTranspose(f32(1, 5, 5, 3), f32(3, 3, 3, 8)),
    ShapeError,
    "conv2dTranspose: the filters' input channels must equal the input's channels; got x f32[1, 5, 5, 3], w f32[3, 3, 3, 8], groups 1. Images are [N, H, W, C], filters [KH, KW, OC / groups, IC]: here 3 against 8 channels.",
  ],
  [
    () => g.conv2dTranspose(f32(1, 5, 5, 4), f32(3, 3, 8, 4), { groups: 3 }),
    ShapeError,
    "conv2dTranspose: groups must divide the input channels; got x f32[1, 5, 5, 4], w f32[3, 3, 8, 4], groups 3. Filters are [KH, KW, OC / groups, IC], each group takes IC / groups of them: choose IC as a multiple of 3.",
  ],
  [
    () => g.maxPool1d(f32(1, 5, 3), 7),
    ShapeError,
    'maxPool1d: the window must fit into the padded input; got 5 padded by [0,0], window 7. Use a larger input, a smaller window, or padding "same".',
  ],
  [
    () => g.avgPool1d(f32(1, 5, 3), 2, { padding: 2 }),
    ArgumentError,
    "avgPool1d: every window must see an element of x; got x f32[1, 5, 3], window [2], dilation [1], padding [2,2]. Give less padding or dilation.",
  ],
  // Between its cells, which are at 0 and 2, lies all of the image.
  [
    () => g.maxPool2d(f32(1, 1, 4, 1), [2, 1], { padding: "same", dilation: [2, 1] }),
    ArgumentError,
    "maxPool2d: every window must see an element of x; got x f32[1, 1, 4, 1], window [2, 1], dilation [2, 1], padding [1,1], [0,0].",
  ],
  // The last one.
  [
    () => g.avgPool1d(f32(1, 5, 3), 2, { padding: [0, 7], dilation: 2, stride: 3 }),
    ArgumentError,
    "avgPool1d: every window must see an element of x; got x f32[1, 5, 3], window [2], dilation [2], padding [0,7].",
  ],
  [
    () => g.maxPool3d(f32(1, 5, 5, 5, 3), 6),
    ShapeError,
    "maxPool3d: the window must fit into the padded input; got 5 × 5 × 5 padded by [0,0], [0,0], [0,0], window 6 × 6 × 6.",
  ],
  [
    () => g.avgPool3d(f32(1, 5, 5, 5, 3), 2, { padding: [0, 3, 0] }),
    ArgumentError,
    "avgPool3d: every window must see an element of x; got x f32[1, 5, 5, 5, 3], window [2, 2, 2], dilation [1, 1, 1], padding [0,0], [3,3], [0,0].",
  ],
  [
    () => g.resize(f32(1, 0, 5, 3), [2, 2]),
    ShapeError,
    "resize: images must have rows and columns; got f32[1, 0, 5, 3]. There is nothing to make pixels of.",
  ],
];

refuse(images);
