import { checkDType } from "../ops/check.ts";
import type { Padding, Pool2d } from "../ops/vocabulary.ts";
import { hanging, type PaddingOption, pairOf, reach } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { ones } from "./creation.ts";
import { div } from "./elementwise.ts";
import { pooled } from "./pooled.ts";
import { checkPool, windowOf } from "./window.ts";
import { alongOf, checkSight } from "./window-checks.ts";

/** How a window moves over images. */
export interface MaxPool2dOptions {
  /** The window's size where nothing is said. */
  readonly stride?: number | readonly [number, number];
  /** Around the image; none. */
  readonly padding?: PaddingOption;
  /** Rows and columns from one cell of a window to the next; 1. */
  readonly dilation?: number | readonly [number, number];
  /** Whether a last window may hang over the end, where what is left would be dropped; false. */
  readonly ceilMode?: boolean;
}

/** How a window moves over images, and what of padding counts. */
export interface Pool2dOptions extends MaxPool2dOptions {
  /** Whether padding counts as zeros in a mean; true. What hangs over with ceilMode never counts. */
  readonly countIncludePad?: boolean;
}

/**
 * The largest element of every window; padding never wins. x [N, H, W, C] → [N, OH, OW, C], f32. The stride is the
 * window's size where nothing is said.
 * @throws ShapeError unless x has four dimensions, and for a window that is larger than it; DTypeError unless it is
 *   f32; ArgumentError for windows and options that break their rules
 */
export function maxPool2d(
  x: Tensor,
  window: number | readonly [number, number],
  options: MaxPool2dOptions = {},
): Tensor {
  const { attrs } = poolOf("maxPool2d", x, window, options);
  return pooled("maxPool2d", x, attrs);
}

/**
 * The mean of every window, padding counted as zeros where nothing else is said. x [N, H, W, C] → [N, OH, OW, C], f32.
 * The stride is the window's size where nothing is said.
 * @throws ShapeError unless x has four dimensions, and for a window that is larger than it; DTypeError unless it is
 *   f32; ArgumentError for windows and options that break their rules
 */
export function avgPool2d(
  x: Tensor,
  window: number | readonly [number, number],
  options: Pool2dOptions = {},
): Tensor {
  const { attrs, given } = poolOf("avgPool2d", x, window, options);
  const { countIncludePad = true } = options;
  const mean = pooled("avgPool2d", x, attrs);
  // The share of a window that counts is the mean of ones over what counts.
  const [, height = 0, width = 0] = x.shape;
  const counted = countIncludePad ? given : [NONE, NONE];
  const uncounted = attrs.padding.map(([before, after], i): Padding => {
    const [first, last] = counted[i] ?? NONE;
    return [before - first, after - last];
  });
  if (uncounted.flat().every((n) => n === 0)) return mean;
  const [rows = 0, columns = 0] = [height, width].map(
    (n, i) => n + (counted[i]?.[0] ?? 0) + (counted[i]?.[1] ?? 0),
  );
  const padding = [uncounted[0] ?? NONE, uncounted[1] ?? NONE] as const;
  return div(mean, pooled("avgPool2d", ones([1, rows, columns, 1]), { ...attrs, padding }));
}

const NONE = [0, 0] as const;

/** How windows lie over x, what hangs over among the padding, and the padding that was given. */
function poolOf(
  op: "maxPool2d" | "avgPool2d",
  x: Tensor,
  window: number | readonly [number, number],
  options: MaxPool2dOptions,
): { readonly attrs: Pool2d; readonly given: readonly Padding[] } {
  checkPool(op, window, options);
  const { ceilMode = false } = options;
  const size = pairOf(window);
  const dilation = pairOf(options.dilation ?? 1);
  const wide = [reach(size[0], dilation[0]), reach(size[1], dilation[1])] as const;
  const { stride, padding } = windowOf(
    op,
    x,
    wide,
    options.stride ?? size,
    options.padding ?? "valid",
  );
  const [, height = 0, width = 0] = x.shape;
  const own = ceilMode
    ? ([
        hanging(height, wide[0], stride[0], padding[0]),
        hanging(width, wide[1], stride[1], padding[1]),
      ] as const)
    : padding;
  const attrs = { window: size, stride, padding: own };
  if (dilation[0] === 1 && dilation[1] === 1) return { attrs, given: padding };
  // For windows whose cells are neighbours it is the op's own rule.
  checkDType(op, "x", x, ["f32"]);
  checkSight(op, x, alongOf(x, { ...attrs, dilation }));
  return { attrs: { ...attrs, dilation }, given: padding };
}
