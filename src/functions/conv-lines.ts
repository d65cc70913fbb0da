/** Convolution along one dimension: that of images with one row. x [N, L, C]. */
import { checkOptions, count, isListOf, rule, whole } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { checkGroups } from "../ops/conv.ts";
import type { Padding } from "../ops/vocabulary.ts";
import { reach, resolvePadding } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkInput } from "./apply.ts";
import { conv2d } from "./conv.ts";
import { conv2dTranspose } from "./conv-transpose.ts";
import { squeeze, unsqueeze } from "./movement.ts";
import { checkOutputPadding } from "./window.ts";
import { type Along, checkFits } from "./window-checks.ts";

/** "valid" (none), "same" (output ceil(L / stride)), zeros on both sides, or before and after. */
export type LinePadding = number | "same" | "valid" | Padding;

/** How a window moves over lines. */
export interface LineOptions {
  /** Steps from one window to the next; 1. */
  readonly stride?: number;
  /** "valid" where nothing is said. */
  readonly padding?: LinePadding;
}

/** How a convolution over lines moves. */
export interface Conv1dOptions extends LineOptions {
  /** Groups of channels that are convolved apart; 1. */
  readonly groups?: number;
  /** Steps from one cell of a window to the next; 1. */
  readonly dilation?: number;
}

/**
 * x [N, L, C], w [K, C / groups, OC] → [N, OL, OC]: cross-correlation. f32. OL = ⌊(L + padding − dilation · (K − 1) −
 * 1) / stride⌋ + 1, padding being that of both ends.
 * @throws ShapeError where w does not fit x, or is longer than it; DTypeError unless both are f32; ArgumentError for
 *   options that break their rules
 */
export function conv1d(x: Tensor, w: Tensor, options: Conv1dOptions = {}): Tensor {
  checkLines("conv1d", { x, w });
  checkOptions("conv1d", options, { ...LINE_RULES, groups: count, dilation: count });
  const { dilation = 1, groups = 1, ...line } = options;
  checkGroups("conv1d", { x: x.type, w: w.type }, groups, {
    inputs: LINES,
    filters: "[K, IC / groups, OC]",
  });
  checkFits("conv1d", [alongLine(x, w.shape[0] ?? 0, dilation, line)]);
  const planes = { ...planeOf(line), groups, dilation: [1, dilation] } as const;
  return squeeze(conv2d(unsqueeze(x, 1), unsqueeze(w, 0), planes), 1);
}

/** How a transposed convolution over lines moves. */
export interface Conv1dTransposeOptions extends Conv1dOptions {
  /** Elements that the result has more, at its end; less than the stride or the dilation, as in PyTorch; 0. */
  readonly outputPadding?: number;
}

/**
 * The transpose of conv1d: x [N, L, C], w [K, OC / groups, C] → [N, (L − 1) · stride − padding + K, OC]. f32; the
 * length of stride 1 and dilation 1, which `outputPadding` adds to.
 * @throws ShapeError where w does not fit x; DTypeError unless both are f32; ArgumentError for options that break their
 *   rules
 */
export function conv1dTranspose(
  x: Tensor,
  w: Tensor,
  options: Conv1dTransposeOptions = {},
): Tensor {
  checkLines("conv1dTranspose", { x, w });
  const rules = { ...LINE_RULES, groups: count, dilation: count, outputPadding: whole };
  checkOptions("conv1dTranspose", options, rules);
  const { dilation = 1, groups = 1, outputPadding = 0, ...line } = options;
  const layouts = { inputs: LINES, filters: "[K, OC / groups, IC]" };
  checkGroups("conv1dTranspose", { x: x.type, w: w.type }, groups, layouts, true);
  checkOutputPadding("conv1dTranspose", [outputPadding], {
    stride: [line.stride ?? 1],
    dilation: [dilation],
    isSame: line.padding === "same",
  });
  const { size, window, padding } = alongLine(x, w.shape[0] ?? 0, dilation, line);
  const [before, after] = padding;
  const length = (size - 1) * (line.stride ?? 1) + reach(window, dilation) - before - after;
  if (line.padding !== "same" && length + outputPadding < 1) {
    throw new ShapeError(
      `conv1dTranspose: the result must have an element; got a length of ${length + outputPadding}, from x ${describe(x.type)}, w ${describe(w.type)}, padding [${padding.join(", ")}]. Padding is taken off the result: give less of it.`,
    );
  }
  const planes = { ...planeOf(line), groups, dilation: [1, dilation] } as const;
  const out = conv2dTranspose(unsqueeze(x, 1), unsqueeze(w, 0), {
    ...planes,
    outputPadding: [0, outputPadding],
  });
  return squeeze(out, 1);
}

const LINES = "Lines are [N, L, C]";

const isPadding = (value: unknown) => whole.holds(value) || isListOf(value, whole.holds, 2);

export const LINE_RULES = {
  stride: count,
  padding: rule(
    '"same", "valid", a whole number of 0 or more, or [before, after]',
    (value) => value === "same" || value === "valid" || isPadding(value),
  ),
};

/** @throws ArgumentError, ShapeError unless all are tensors of three dimensions */
export function checkLines(caller: string, named: Readonly<Record<string, Tensor>>): void {
  for (const [name, x] of Object.entries(named))
    checkInput(caller, name, x, name === "x" ? "[N, L, C]" : "[K, C / groups, OC]");
}

/** Options for images of one row. */
export function planeOf({ stride = 1, padding = "valid" }: LineOptions) {
  const columns: Padding = typeof padding === "number" ? [padding, padding] : (padding as Padding);
  const own = typeof padding === "string" ? padding : ([[0, 0], columns] as const);
  return { stride: [1, stride], padding: own } as const;
}

/** How windows of `window` cells lie over x [N, L, C]. */
export function alongLine(x: Tensor, window: number, dilation: number, line: LineOptions): Along {
  const { stride, padding } = planeOf(line);
  const size = x.shape[1] ?? 0;
  const wide = reach(window, dilation);
  const [, own] = resolvePadding(padding, [1, size], [1, wide], [1, stride[1]]);
  return { size, window, dilation, stride: stride[1], padding: own };
}
