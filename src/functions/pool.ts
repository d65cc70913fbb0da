import { emit } from "../graph/graph.ts";
import { type PaddingOption, pairOf } from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, wrap } from "./apply.ts";
import { checkPool, windowOf } from "./window.ts";

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
