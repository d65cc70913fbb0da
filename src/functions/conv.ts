import { checkOptions, count } from "../arguments.ts";
import { checkDType, checkRank } from "../ops/check.ts";
import { type PaddingOption, pairOf, reach, WINDOW_SIZE } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, checkTensor } from "./apply.ts";
import { overDilated } from "./dilate.ts";
import { WINDOW_RULES, windowOf } from "./window.ts";

export type { PaddingOption };

/** How a convolution moves over images. */
export interface Conv2dOptions {
  /** Rows and columns from one window to the next; 1. */
  readonly stride?: number | readonly [number, number];
  /** "valid" (none), "same" (output ceil(H / stride)), or zeros on every side; "valid". */
  readonly padding?: PaddingOption;
  /** Groups of channels that are convolved apart; 1. As many as the input has channels is depthwise. */
  readonly groups?: number;
  /** Rows and columns from one cell of a window to the next; 1. Yu & Koltun 2016. */
  readonly dilation?: number | readonly [number, number];
}

/**
 * x [N, H, W, C], w [KH, KW, C / groups, OC] → [N, OH, OW, OC]: cross-correlation, as in every deep-learning library.
 * Output channel oc sees group ⌊oc / (OC / groups)⌋ of the input's channels. f32. OH = ⌊(H + padding − dilation · (KH −
 * 1) − 1) / stride⌋ + 1, padding being that of both sides.
 * @throws ShapeError where w does not fit x, or is larger than it; DTypeError unless both are f32; ArgumentError for
 *   options that break their rules
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensor("conv2d", w, "w");
  checkOptions("conv2d", options, { ...WINDOW_RULES, groups: count, dilation: WINDOW_SIZE });
  const [kh = 0, kw = 0] = w.shape;
  const { stride = 1, padding = "valid", groups = 1, dilation = 1 } = options;
  const [dy, dx] = pairOf(dilation);
  if (dy === 1 && dx === 1) {
    const attrs = windowOf("conv2d", x, [kh, kw], stride, padding);
    return apply("conv2d", { x, w }, { ...attrs, groups });
  }
  checkRank("conv2d", "w", w, 4, "[KH, KW, C / groups, OC]");
  checkDType("conv2d", "x", x, ["f32"]);
  const attrs = windowOf("conv2d", x, [reach(kh, dy), reach(kw, dx)], stride, padding);
  const windows = { ...attrs, window: [kh, kw], dilation: [dy, dx] } as const;
  const close = { stride: [1, 1], padding: [NONE, NONE], groups } as const;
  return overDilated(x, windows, (apart) => apply("conv2d", { x: apart, w }, close));
}

const NONE = [0, 0] as const;
