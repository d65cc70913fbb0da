/**
 * Convolution and pooling of volumes and of frames in time, x [N, D, H, W, C], made of those of images. A window's
 * slices lie side by side as channels, so a convolution is one of images; a pool is one of the planes, and then one along
 * the depth of what that gives.
 */
import { check, checkOptions, count, flag, isListOf, type Rule, rule } from "../arguments.ts";
import { checkGroups } from "../ops/conv.ts";
import type { Padding } from "../ops/vocabulary.ts";
import { hanging, isOf, reach, resolvePadding, windowedSize } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkInput } from "./apply.ts";
import { stack } from "./arrange.ts";
import { conv2d } from "./conv.ts";
import { reshape, slice, transpose } from "./movement.ts";
import { padAs } from "./padding.ts";
import { avgPool2d, maxPool2d, type Pool2dOptions } from "./pool.ts";
import { type Along, alongOf, checkFits, checkSight } from "./window-checks.ts";

type Three<T> = readonly [depth: T, rows: T, columns: T];

/** How a window moves over volumes. */
export interface VolumeOptions {
  /** Planes, rows and columns from one window to the next. */
  readonly stride?: number | Three<number>;
  /** "valid" (none), "same" (output ceil(size / stride)), or zeros on every side; "valid". */
  readonly padding?: "same" | "valid" | number | Three<number | Padding>;
}

/** How a convolution moves over volumes. */
export interface Conv3dOptions extends VolumeOptions {
  /** Planes, rows and columns from one cell of a window to the next; 1. */
  readonly dilation?: number | Three<number>;
  /** Groups of channels that are convolved apart; 1. */
  readonly groups?: number;
}

/** How a window moves over volumes. */
export interface MaxPool3dOptions extends VolumeOptions {
  /** Whether a last window may hang over the end, where what is left would be dropped; false. */
  readonly ceilMode?: boolean;
}

/** How a window moves over volumes, and what of padding counts. */
export interface Pool3dOptions extends MaxPool3dOptions {
  /** Whether padding counts as zeros in a mean; true. */
  readonly countIncludePad?: boolean;
}

/**
 * x [N, D, H, W, C], w [KD, KH, KW, C / groups, OC] → [N, OD, OH, OW, OC]: cross-correlation, as PyTorch's conv3d. f32.
 * @throws ShapeError where w does not fit x, or is larger than it; DTypeError unless both are f32; ArgumentError for
 *   options that break their rules
 */
export function conv3d(x: Tensor, w: Tensor, options: Conv3dOptions = {}): Tensor {
  checkInput("conv3d", "x", x, VOLUMES);
  checkInput("conv3d", "w", w, "[KD, KH, KW, C / groups, OC]");
  checkOptions("conv3d", options, { ...RULES, dilation: THREE, groups: count });
  const { groups = 1 } = options;
  const [N = 0, D = 0, H = 0, W = 0, C = 0] = x.shape;
  const [KD = 0, KH = 0, KW = 0, own = 0, OC = 0] = w.shape;
  const layouts = {
    inputs: "Volumes are [N, D, H, W, C]",
    filters: "[KD, KH, KW, IC / groups, OC]",
  };
  checkGroups("conv3d", { x: x.type, w: w.type }, groups, layouts);
  const cells = [KD, KH, KW] as const;
  checkFits("conv3d", alongEach(x, cells, { stride: 1, ...options }));
  const [step, ...plane] = threeOf(options.stride ?? 1);
  const [apart, ...dilation] = threeOf(options.dilation ?? 1);
  const { depth, planes } = paddingOf(options.padding);
  const wide = [reach(KD, apart), 1] as const;
  const lines = {
    stride: [step, 1],
    padding: resolvePadding(depth, [D, 1], wide, [step, 1]),
  } as const;
  const [OD] = windowedSize("conv3d", [N, D, 1, C], wide, lines);
  const [around] = lines.padding;
  const padded = around.some((n) => n > 0) ? padAs(x, [[0, 0], around, [0, 0], [0, 0], [0, 0]]) : x;
  const slices = Array.from({ length: KD }, (_, kd) =>
    reshape(slice(padded, [0, kd * apart, 0, 0, 0], [N, OD, H, W, C], [1, step, 1, 1, 1]), [
      N * OD,
      H,
      W,
      groups,
      own,
    ]),
  );
  const [only] = slices;
  // The channels of a group stay together.
  const side = KD === 1 && only !== undefined ? only : stack(slices, 4);
  const y = conv2d(
    reshape(side, [N * OD, H, W, KD * C]),
    reshape(transpose(w, [1, 2, 0, 3, 4]), [KH, KW, KD * own, OC]),
    { stride: plane, padding: planes, dilation, groups },
  );
  return reshape(y, [N, OD, ...y.shape.slice(1)]);
}

/**
 * The largest element of every window of x [N, D, H, W, C]; padding never wins. The stride is the window where nothing
 * is said. Gives [N, OD, OH, OW, C], f32.
 * @throws ShapeError unless x has five dimensions, and for a window that is larger than it; DTypeError unless it is
 *   f32; ArgumentError for windows and options that break their rules
 */
export function maxPool3d(
  x: Tensor,
  window: number | Three<number>,
  options: MaxPool3dOptions = {},
): Tensor {
  checkOptions("maxPool3d", options, { ...RULES, ceilMode: flag });
  return pooled("maxPool3d", x, window, options, maxPool2d);
}

/**
 * The mean of every window of x [N, D, H, W, C], padding counted as zeros where nothing else is said. Gives [N, OD, OH, OW,
 * C], f32. The stride is the window where nothing is said.
 * @throws ShapeError unless x has five dimensions, and for a window that is larger than it; DTypeError unless it is
 *   f32; ArgumentError for windows and options that break their rules
 */
export function avgPool3d(
  x: Tensor,
  window: number | Three<number>,
  options: Pool3dOptions = {},
): Tensor {
  checkOptions("avgPool3d", options, { ...RULES, ceilMode: flag, countIncludePad: flag });
  return pooled("avgPool3d", x, window, options, avgPool2d);
}

/** The largest of the largest, the mean of means: what counts in a window is a product of what counts along each dimension. */
function pooled(
  caller: string,
  x: Tensor,
  window: number | Three<number>,
  { stride = window, padding, ...rest }: Pool3dOptions,
  pool: (x: Tensor, window: readonly [number, number], options: Pool2dOptions) => Tensor,
): Tensor {
  checkInput(caller, "x", x, VOLUMES);
  check(caller, "the window", window, THREE);
  const along = alongEach(x, threeOf(window), {
    stride,
    ...(padding !== undefined && { padding }),
  });
  const hung = along.map((one) => ({
    ...one,
    padding: rest.ceilMode ? hanging(one.size, one.window, one.stride, one.padding) : one.padding,
  }));
  checkFits(caller, hung);
  checkSight(caller, x, hung);
  const [N = 0, D = 0, H = 0, W = 0, C = 0] = x.shape;
  const [KD, ...size] = threeOf(window);
  const [step, ...plane] = threeOf(stride);
  const { depth, planes } = paddingOf(padding);
  const flat = pool(reshape(x, [N * D, H, W, C]), size, {
    ...rest,
    stride: plane,
    padding: planes,
  });
  const [, OH = 0, OW = 0] = flat.shape;
  const options = { ...rest, stride: [step, 1], padding: depth } as const;
  const y = pool(reshape(flat, [N, D, OH * OW, C]), [KD, 1], options);
  return reshape(y, [N, y.shape[1] ?? 0, OH, OW, C]);
}

const VOLUMES = "[N, D, H, W, C]";

function threeOf(option: number | Three<number>): Three<number> {
  return typeof option === "number" ? [option, option, option] : option;
}

/** How windows of so many cells lie along depth, rows and columns of x. */
function alongEach(x: Tensor, cells: Three<number>, options: Conv3dOptions): Along[] {
  const [stride, dilation] = [threeOf(options.stride ?? 1), threeOf(options.dilation ?? 1)];
  const { depth, planes } = paddingOf(options.padding);
  const [D = 0, H = 0, W = 0] = x.shape.slice(1);
  const [KD, KH, KW] = cells.map((n, d) => reach(n, dilation[d] ?? 1)) as [number, number, number];
  const [first] = resolvePadding(depth, [D, 1], [KD, 1], [stride[0], 1]);
  const others = resolvePadding(planes, [H, W], [KH, KW], [stride[1], stride[2]]);
  return alongOf(x, { window: cells, stride, padding: [first, ...others], dilation });
}

/** Of the depth as that of rows, of one column. */
function paddingOf(padding: VolumeOptions["padding"] = "valid") {
  if (typeof padding === "string") return { depth: padding, planes: padding } as const;
  const [depth, rows, columns] = (
    typeof padding === "number" ? [padding, padding, padding] : padding
  ).map((one): Padding => (typeof one === "number" ? [one, one] : one));
  const none = [0, 0] as const;
  return { depth: [depth ?? none, none], planes: [rows ?? none, columns ?? none] } as const;
}

const [isZeros, isSize] = [isOf(0), isOf(1)];

const THREE: Rule = rule(
  "a whole number of 1 or more, at most 2^20, or [depth, rows, columns]",
  (value) => isSize(value) || isListOf(value, isSize, 3),
);
const RULES = {
  stride: THREE,
  padding: rule(
    '"same", "valid", a whole number of 0 or more, at most 2^20, or [depth, rows, columns], each a number or [before, after]',
    (value) =>
      value === "same" ||
      value === "valid" ||
      isZeros(value) ||
      isListOf(value, (one) => isZeros(one) || isListOf(one, isZeros, 2), 3),
  ),
};
