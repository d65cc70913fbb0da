import { checkOptions, count } from "../arguments.ts";
import type { PaddingOption } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, checkTensor } from "./apply.ts";
import { WINDOW_RULES, windowOf } from "./window.ts";

export type { PaddingOption };

export interface Conv2dOptions {
  /** Rows and columns from one window to the next; 1. */
  readonly stride?: number | readonly [number, number];
  /** "valid" (none), "same" (output ceil(H / stride)), or zeros on every side; "valid". */
  readonly padding?: PaddingOption;
  /** Groups of channels that are convolved apart; 1. As many as the input has channels is depthwise. */
  readonly groups?: number;
}

/**
 * x [N, H, W, C], w [KH, KW, C / groups, OC] → [N, OH, OW, OC]: cross-correlation, as in every deep-learning library.
 * Output channel oc sees group ⌊oc / (OC / groups)⌋ of the input's channels.
 */
export function conv2d(x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensor("conv2d", w, "w");
  checkOptions("conv2d", options, { ...WINDOW_RULES, groups: count });
  const [kh = 0, kw = 0] = w.shape;
  const { stride = 1, padding = "valid", groups = 1 } = options;
  return apply("conv2d", { x, w }, { ...windowOf("conv2d", x, [kh, kw], stride, padding), groups });
}
