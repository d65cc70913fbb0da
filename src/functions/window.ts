import { check, checkOptions, flag } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  type PaddingOption,
  pairOf,
  resolvePadding,
  WINDOW_PADDING,
  WINDOW_SIZE,
} from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";

/** What convolution and pooling, and the layers of their names, can be told. */
export const WINDOW_RULES = { stride: WINDOW_SIZE, padding: WINDOW_PADDING };

/** @throws ArgumentError for what is no window, and for options of pooling that are none */
export function checkPool(
  caller: "maxPool2d" | "avgPool2d",
  window: unknown,
  options: object,
): void {
  check(caller, "the window", window, WINDOW_SIZE);
  const rules = { ...WINDOW_RULES, dilation: WINDOW_SIZE, ceilMode: flag };
  const own = caller === "avgPool2d" ? { ...rules, countIncludePad: flag } : rules;
  checkOptions<{ readonly [name: string]: unknown }>(
    caller,
    options as { readonly [name: string]: unknown },
    own,
  );
}

/** How windows lie over the images x. @throws ShapeError */
export function windowOf(
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

/** For each direction a number. @throws ArgumentError */
export function checkOutputPadding(
  op: string,
  extra: readonly number[],
  of: {
    readonly stride: readonly number[];
    readonly dilation: readonly number[];
    readonly isSame: boolean;
  },
): void {
  const most = of.stride.map((s, i) => Math.max(s, of.dilation[i] ?? 1));
  if (!extra.some((m, i) => m > 0 && (of.isSame || m >= (most[i] ?? 1)))) return;
  const told = (sizes: readonly number[]) =>
    sizes.length === 1 ? `${sizes[0]}` : `[${sizes.join(", ")}]`;
  throw new ArgumentError(
    `${op}: outputPadding must be smaller than the larger of stride and dilation, and 0 with padding "same"; got outputPadding ${told(extra)}, stride ${told(of.stride)}, dilation ${told(of.dilation)}. pad() adds zeros.`,
  );
}
