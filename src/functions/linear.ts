/** Matrix products, convolution and pooling. Images are [N, H, W, C]. */
import { checkOptions, count, flag } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { emit } from "../graph/graph.ts";
import { type PaddingOption, pairOf, resolvePadding } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { apply, checkTensor, wrap } from "./apply.ts";
import { checkPool, WINDOW_RULES } from "./windows.ts";

export type { PaddingOption };

export interface MatmulOptions {
  /** a is stored [..., K, M]. */
  readonly transposeA?: boolean;
  /** b is stored [..., N, K]. */
  readonly transposeB?: boolean;
}

/** a [..., M, K] · b [..., K, N] → [..., M, N]; batch dimensions broadcast. */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  checkOptions("matmul", options, { transposeA: flag, transposeB: flag });
  const { transposeA = false, transposeB = false } = options;
  return apply("matmul", { a, b }, { transposeA, transposeB });
}

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

export interface Pool2dOptions {
  /** The window's size where nothing is said. */
  readonly stride?: number | readonly [number, number];
  readonly padding?: PaddingOption;
}

/** The largest element of every window; padding never wins. x [N, H, W, C]. */
export function maxPool2d(
  x: Tensor,
  window: number | readonly [number, number],
  options: Pool2dOptions = {},
): Tensor {
  const attrs = poolOf("maxPool2d", x, window, options);
  return wrap(emit("maxPool2d", { x: x.value }, attrs).out);
}

/** The mean of every window, padding counted as zeros. x [N, H, W, C]. */
export function avgPool2d(
  x: Tensor,
  window: number | readonly [number, number],
  options: Pool2dOptions = {},
): Tensor {
  return apply("avgPool2d", { x }, poolOf("avgPool2d", x, window, options));
}

function poolOf(
  op: string,
  x: Tensor,
  window: number | readonly [number, number],
  options: Pool2dOptions,
) {
  checkPool(op, window, options);
  const size = pairOf(window);
  return {
    window: size,
    ...windowOf(op, x, size, options.stride ?? size, options.padding ?? "valid"),
  };
}

function windowOf(
  op: string,
  x: Tensor,
  window: readonly [number, number],
  strideOption: number | readonly [number, number],
  padding: PaddingOption,
) {
  checkTensor(op, x);
  const stride = pairOf(strideOption);
  const [, rows, columns] = x.shape;
  if (rows === undefined || columns === undefined || x.shape.length !== 4) {
    throw new ShapeError(
      `${op}: the input must be images [N, H, W, C]; got ${describe(x.type)}. Reshape it; a grey image has C = 1.`,
    );
  }
  return { stride, padding: resolvePadding(padding, [rows, columns], window, stride) };
}
