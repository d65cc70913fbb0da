/** Pooling along one dimension, of everything, and into a number of bins. */
import { check, checkOptions, count, flag } from "../arguments.ts";
import { checkElements } from "../ops/reduce.ts";
import { hanging, pairOf, reach, WINDOW_SIZE } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkInput } from "./apply.ts";
import { alongLine, checkLines, LINE_RULES, type LineOptions, planeOf } from "./conv-lines.ts";
import { reshape, squeeze, unsqueeze } from "./movement.ts";
import { avgPool2d, maxPool2d } from "./pool.ts";
import { pooled } from "./pooled.ts";
import { max, mean } from "./reduce.ts";
import { checkFits, checkSight } from "./window-checks.ts";

/** How a window moves over lines. */
export interface MaxPool1dOptions extends LineOptions {
  /** Whether a last window may hang over the end, where what is left would be dropped; false. */
  readonly ceilMode?: boolean;
  /** Steps from one cell of a window to the next; 1. */
  readonly dilation?: number;
}

/** How a window moves over lines, and what of padding counts. */
export interface Pool1dOptions extends MaxPool1dOptions {
  /** Whether padding counts as zeros in a mean; true. */
  readonly countIncludePad?: boolean;
}

const RULES = { ...LINE_RULES, ceilMode: flag, dilation: count };

/**
 * The largest element of every window of x [N, L, C]; padding never wins. The stride is the window's size where nothing
 * is said. Gives [N, OL, C], f32.
 * @throws ShapeError unless x has three dimensions, and for a window that is larger than it; DTypeError unless it is
 *   f32; ArgumentError for windows and options that break their rules
 */
export function maxPool1d(x: Tensor, window: number, options: MaxPool1dOptions = {}): Tensor {
  checkLines("maxPool1d", { x });
  checkPool1d("maxPool1d", window, options);
  const { ceilMode = false, dilation = 1, ...line } = options;
  checkLine("maxPool1d", x, window, options);
  const planes = {
    ...planeOf({ stride: window, ...line }),
    ceilMode,
    dilation: [1, dilation],
  } as const;
  return squeeze(maxPool2d(unsqueeze(x, 1), [1, window], planes), 1);
}

/**
 * The mean of every window of x [N, L, C] → [N, OL, C], f32. The stride is the window's size where nothing is said.
 * @throws ShapeError unless x has three dimensions, and for a window that is larger than it; DTypeError unless it is
 *   f32; ArgumentError for windows and options that break their rules
 */
export function avgPool1d(x: Tensor, window: number, options: Pool1dOptions = {}): Tensor {
  checkLines("avgPool1d", { x });
  checkPool1d("avgPool1d", window, options);
  const { ceilMode = false, dilation = 1, countIncludePad = true, ...line } = options;
  checkLine("avgPool1d", x, window, options);
  const own = { ceilMode, countIncludePad, dilation: [1, dilation] } as const;
  const planes = { ...planeOf({ stride: window, ...line }), ...own };
  return squeeze(avgPool2d(unsqueeze(x, 1), [1, window], planes), 1);
}

/** @throws ArgumentError for what is no window, and for options of pooling that are none */
export function checkPool1d(
  caller: "maxPool1d" | "avgPool1d",
  window: number,
  options: object,
): void {
  check(caller, "the window", window, count);
  const own = caller === "avgPool1d" ? { ...RULES, countIncludePad: flag } : RULES;
  checkOptions<{ readonly [name: string]: unknown }>(
    caller,
    options as { readonly [name: string]: unknown },
    own,
  );
}

/** @throws ShapeError, ArgumentError where windows do not fit, or see nothing of x */
function checkLine(caller: string, x: Tensor, window: number, options: MaxPool1dOptions): void {
  const { ceilMode = false, dilation = 1, ...line } = options;
  const own = alongLine(x, window, dilation, { stride: window, ...line });
  const wide = reach(window, dilation);
  const padding = ceilMode ? hanging(own.size, wide, own.stride, own.padding) : own.padding;
  const along = [{ ...own, padding }];
  checkFits(caller, along);
  checkSight(caller, x, along);
}

/**
 * The mean of every channel over rows and columns: [N, H, W, C] → [N, C]. Lin et al. 2014. f32.
 * @throws ShapeError unless x has four dimensions and an element in each channel; DTypeError unless it is f32;
 *   ArgumentError for what is no tensor
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  checkInput("globalAvgPool2d", "x", x, IMAGES);
  checkElements("globalAvgPool2d", x, [1, 2]);
  return mean(x, { axis: [1, 2] });
}

/**
 * The largest element of every channel: [N, H, W, C] → [N, C]. f32.
 * @throws ShapeError unless x has four dimensions and an element in each channel; DTypeError unless it is f32;
 *   ArgumentError for what is no tensor
 */
export function globalMaxPool2d(x: Tensor): Tensor {
  checkInput("globalMaxPool2d", "x", x, IMAGES);
  checkElements("globalMaxPool2d", x, [1, 2]);
  return max(x, { axis: [1, 2] });
}

/**
 * The means of `size` rows and columns of bins, whatever the image's size: [N, H, W, C] → [N, OH, OW, C]. Bin i goes
 * from ⌊i · H / OH⌋ to ⌈(i + 1) · H / OH⌉, as PyTorch's AdaptiveAvgPool2d. f32.
 * @throws ShapeError unless x has four dimensions and an element in each bin; DTypeError unless it is f32;
 *   ArgumentError for a size that is not whole numbers of 1 or more
 */
export function adaptiveAvgPool2d(x: Tensor, size: number | readonly [number, number]): Tensor {
  return adaptive("adaptiveAvgPool2d", x, size);
}

/**
 * The largest element of each of `size` rows and columns of bins, as adaptiveAvgPool2d has them. Of equal ones
 * the first has the gradient, as in maxPool2d; in a single bin they share it, as in globalMaxPool2d. f32.
 * @throws ShapeError unless x has four dimensions and an element in each bin; DTypeError unless it is f32;
 *   ArgumentError for a size that is not whole numbers of 1 or more
 */
export function adaptiveMaxPool2d(x: Tensor, size: number | readonly [number, number]): Tensor {
  return adaptive("adaptiveMaxPool2d", x, size);
}

const IMAGES = "[N, H, W, C]";

function adaptive(
  caller: "adaptiveAvgPool2d" | "adaptiveMaxPool2d",
  x: Tensor,
  option: number | readonly [number, number],
): Tensor {
  checkInput(caller, "x", x, IMAGES);
  check(caller, "size", option, WINDOW_SIZE);
  checkElements(caller, x, [1, 2]);
  const bins = pairOf(option);
  const [n = 0, height = 0, width = 0, channels = 0] = x.shape;
  const [rows, columns] = [height / bins[0], width / bins[1]];
  const areAlike = Number.isInteger(rows) && Number.isInteger(columns);
  const isMean = caller === "adaptiveAvgPool2d";
  if (areAlike && (Math.max(...bins) === 1 || (isMean && rows * columns > MANY_CELLS))) {
    const apart = reshape(x, [n, bins[0], rows, bins[1], columns, channels]);
    return (isMean ? mean : max)(apart, { axis: [2, 4] });
  }
  const op = isMean ? "avgPool2d" : "maxPool2d";
  const padding = [NONE, NONE] as const;
  if (areAlike) {
    const window = [rows, columns] as const;
    return pooled(op, x, { window, stride: window, padding });
  }
  // Bins that are not all alike may be as wide as what they have of the image and two parts of a cell.
  const window = [Math.ceil(rows) + 1, Math.ceil(columns) + 1] as const;
  return pooled(op, x, { window, stride: [1, 1], padding, bins });
}

const NONE = [0, 0] as const;
/**
 * Means of more cells are reductions. On the cpu, with gradient, 8 × 28 × 28 × 64 in bins of 14 × 14 take 0.156 ms as a
 * pool and 0.071 as a reduction; in bins of 4 × 4 0.118 and 0.107.
 */
const MANY_CELLS = 16;
