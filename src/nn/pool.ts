import { check, count } from "../arguments.ts";
import * as verbs from "../functions.ts";
import { checkPool, checkPool1d, checkResize, SCALE, WINDOW_SIZE } from "../internals.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

type Window = number | readonly [rows: number, columns: number];

/**
 * The largest element of every window. x: f32[N, H, W, C] → f32[N, OH, OW, C]; windows touch unless `stride` says otherwise.
 * @throws ArgumentError for windows and options that break their rules; where it is called, ShapeError for x of another
 *   form or smaller than the window, DTypeError unless it is f32
 */
export function maxPool2d(window: Window, options: verbs.MaxPool2dOptions = {}): Module {
  checkPool("maxPool2d", window, options);
  return applied("maxPool2d", verbs.maxPool2d, [window, options]);
}

/**
 * The mean of every window, padding counted as zeros. x: f32[N, H, W, C] → f32[N, OH, OW, C]. Windows touch unless
 * `stride` says otherwise.
 * @throws ArgumentError for windows and options that break their rules; where it is called, ShapeError for x of another
 *   form or smaller than the window, DTypeError unless it is f32
 */
export function avgPool2d(window: Window, options: verbs.Pool2dOptions = {}): Module {
  checkPool("avgPool2d", window, options);
  return applied("avgPool2d", verbs.avgPool2d, [window, options]);
}

/**
 * The largest element of every window. x: f32[N, L, C] → f32[N, OL, C]; windows touch unless `stride` says otherwise.
 * @throws ArgumentError for windows and options that break their rules; where it is called, ShapeError for x of another
 *   form or smaller than the window, DTypeError unless it is f32
 */
export function maxPool1d(window: number, options: verbs.MaxPool1dOptions = {}): Module {
  checkPool1d("maxPool1d", window, options);
  return applied("maxPool1d", verbs.maxPool1d, [window, options], {
    text: `${window}`,
    timeAxis: 1,
  });
}

/**
 * The mean of every window. x: f32[N, L, C] → f32[N, OL, C]. Windows touch unless `stride` says otherwise.
 * @throws ArgumentError for windows and options that break their rules; where it is called, ShapeError for x of another
 *   form or smaller than the window, DTypeError unless it is f32
 */
export function avgPool1d(window: number, options: verbs.Pool1dOptions = {}): Module {
  checkPool1d("avgPool1d", window, options);
  return applied("avgPool1d", verbs.avgPool1d, [window, options], {
    text: `${window}`,
    timeAxis: 1,
  });
}

/**
 * The mean of every channel: f32[N, H, W, C] → f32[N, C]. Lin et al. 2014.
 * @throws where it is called: ShapeError unless x is images, DTypeError unless it is f32
 */
export const globalAvgPool2d = (): Module =>
  module("globalAvgPool2d", { made: ["globalAvgPool2d"], forward: verbs.globalAvgPool2d });

/**
 * The largest element of every channel: f32[N, H, W, C] → f32[N, C].
 * @throws where it is called: ShapeError unless x is images, DTypeError unless it is f32
 */
export const globalMaxPool2d = (): Module =>
  module("globalMaxPool2d", { made: ["globalMaxPool2d"], forward: verbs.globalMaxPool2d });

/**
 * The means of so many bins of rows and columns, whatever the image's size: f32[N, H, W, C] → f32[N, OH, OW, C]. Bins
 * as in PyTorch.
 * @throws ArgumentError for a size that is not whole numbers of 1 or more; where it is called, ShapeError unless x is
 *   images, DTypeError unless it is f32
 */
export function adaptiveAvgPool2d(size: Window): Module {
  check("adaptiveAvgPool2d", "the size", size, WINDOW_SIZE);
  return applied("adaptiveAvgPool2d", verbs.adaptiveAvgPool2d, [size]);
}

/**
 * The largest elements of so many bins. f32[N, H, W, C] → f32[N, OH, OW, C].
 * @throws ArgumentError for a size that is not whole numbers of 1 or more; where it is called, ShapeError unless x is
 *   images, DTypeError unless it is f32
 */
export function adaptiveMaxPool2d(size: Window): Module {
  check("adaptiveMaxPool2d", "the size", size, WINDOW_SIZE);
  return applied("adaptiveMaxPool2d", verbs.adaptiveMaxPool2d, [size]);
}

/**
 * Channels as pixels: x [N, H, W, C · size²] → [N, H · size, W · size, C], as torch.nn.PixelShuffle reads them. Shi et al. 2016.
 * @throws ArgumentError for a size that is not a whole number of 1 or more; where it is called, ShapeError for x of another
 *   form, and where size² does not divide its channels
 */
export function pixelShuffle(size: number): Module {
  check("pixelShuffle", "size", size, count);
  return applied("pixelShuffle", verbs.pixelShuffle, [size], { text: `${size}` });
}

/**
 * Images with so many times as many rows and columns, "nearest" or "bilinear": f32[N, H, W, C] → f32[N, ⌊H · rows⌋, ⌊W
 * · columns⌋, C].
 * @throws ArgumentError for a scale that is not above 0, and for options that there are not; where it is called,
 *   ShapeError unless x is images, DTypeError unless it is f32
 */
export function upsample2d(scale: Window, options: verbs.ResizeOptions = {}): Module {
  check("upsample2d", "the scale", scale, SCALE);
  checkResize("upsample2d", options);
  return applied("upsample2d", verbs.upsample2d, [scale, options]);
}

/** A layer that does what the verb of its name does, with arguments of which the first is a size. */
function applied<W extends Window, A extends readonly unknown[]>(
  kind: string,
  verb: (x: verbs.Tensor, size: W, ...others: A) => verbs.Tensor,
  args: [size: W, ...others: A],
  { text = sizeText(args[0]), ...own }: { readonly text?: string; readonly timeAxis?: 1 } = {},
): Module {
  return module(kind, {
    ...own,
    made: [kind, ...args],
    description: `${kind}(${text})`,
    forward: (x) => verb(x, ...args),
  });
}

function sizeText(window: Window): string {
  return Array.isArray(window) ? window.join(" × ") : `${window} × ${window}`;
}
