/** What convolution and pooling share: how windows slide over the rows and columns of an image. */
import { isListOf, type Rule, rule, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Shape } from "../tensor/shape.ts";
import { complaint } from "./check.ts";
import type { Padding, Window2d } from "./vocabulary.ts";

type Pair = readonly [number, number];

/**
 * Padding as users write it: so many zeros on every side, one number for the rows and one for the columns, all four
 * numbers, none ("valid"), or as many as make the output ceil(size / stride) long ("same").
 */
export type PaddingOption =
  | number
  | "same"
  | "valid"
  | Pair
  | readonly [rows: Padding, columns: Padding];

/** `option` in numbers, for an image of `size` rows and columns under windows of `window`. */
export function resolvePadding(
  option: PaddingOption,
  size: Pair,
  window: Pair,
  stride: Pair,
): Window2d["padding"] {
  if (option === "valid")
    return [
      [0, 0],
      [0, 0],
    ];
  if (option === "same") {
    return [samePadding(size[0], window[0], stride[0]), samePadding(size[1], window[1], stride[1])];
  }
  const [rows, columns] = typeof option === "number" ? [option, option] : option;
  return [bothSides(rows), bothSides(columns)];
}

/** One setting for rows and columns, or one for each. */
export function pairOf(option: number | Pair): Pair {
  return typeof option === "number" ? [option, option] : option;
}

/** Beyond it kernels could not count the cells of an image that they see. */
const MOST = 2 ** 20;

export const isOf = (least: number) => (n: unknown) =>
  Number.isSafeInteger(n) && Number(n) >= least && Number(n) <= MOST;

const isPairOf = (value: unknown, holds: (one: unknown) => boolean) =>
  holds(value) || isListOf(value, holds, 2);

/** A window's size, or its stride: one number for rows and columns, or one for each. */
export const WINDOW_SIZE: Rule = rule(
  "a whole number of 1 or more, at most 2^20, or [rows, columns]",
  (value) => isPairOf(value, isOf(1)),
);

/** A {@link PaddingOption}. */
export const WINDOW_PADDING: Rule = rule(
  '"same", "valid", a whole number of 0 or more, at most 2^20, or [rows, columns], each a number or [before, after]',
  (value) =>
    value === "same" || value === "valid" || isPairOf(value, (one) => isPairOf(one, isOf(0))),
);

/** TensorFlow's rule: what is odd goes behind. */
export function samePadding(size: number, window: number, stride: number): Padding {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

function bothSides(padding: number | Padding): Padding {
  return typeof padding === "number" ? [padding, padding] : padding;
}

/** How far a window reaches whose cells are `dilation` apart. */
export function reach(window: number, dilation: number): number {
  return (window - 1) * dilation + 1;
}

/** How many windows fit; what is left at the end is dropped. Below 1 where none fits. */
export function windowCount(
  size: number,
  window: number,
  stride: number,
  [before, after]: Padding,
): number {
  return Math.floor((size + before + after - window) / stride) + 1;
}

/** Padding up to the end of the last window, which begins in the image or in the padding before it. */
export function hanging(
  size: number,
  window: number,
  stride: number,
  [before, after]: Padding,
): Padding {
  const last = Math.ceil((size + before + after - window) / stride);
  const count = last * stride >= size + before ? last - 1 : last;
  return [before, Math.max(after, count * stride + window - size - before)];
}

/**
 * Rows and columns of the output for an input of [N, H, W, C].
 * @throws ArgumentError for a stride or padding out of range, ShapeError where no window fits.
 */
export function windowedSize(
  op: string,
  input: Shape,
  window: Pair,
  { stride, padding }: Window2d,
): [height: number, width: number] {
  const [, height = 0, width = 0] = input;
  checkWhole(op, "window", window, 1);
  checkWhole(op, "stride", stride, 1);
  checkWhole(op, "padding", padding.flat(), 0);
  const rows = windowCount(height, window[0], stride[0], padding[0]);
  const columns = windowCount(width, window[1], stride[1], padding[1]);
  if (!(rows >= 1 && columns >= 1 && height >= 1 && width >= 1))
    throw unfit(op, [height, width], window, padding);
  return [rows, columns];
}

/** Said where no window of so many cells, padding on both sides, fits into one dimension or more. */
export function unfit(
  op: string,
  sizes: readonly number[],
  window: readonly number[],
  padding: readonly Padding[],
): ShapeError {
  return new ShapeError(
    complaint(
      op,
      "the window must fit into the padded input",
      `${sizes.join(" × ")} padded by [${padding.join("], [")}], window ${window.join(" × ")}`,
      'Use a larger input, a smaller window, or padding "same".',
    ),
  );
}

function checkWhole(op: string, name: string, values: readonly unknown[], least: number): void {
  if (values.every(isOf(least))) return;
  throw new ArgumentError(
    complaint(
      op,
      `${name} must be whole numbers of ${least} or more, at most 2^20`,
      shown(values),
      "It is counted in cells, rows before columns.",
    ),
  );
}
