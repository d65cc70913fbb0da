import type { Tensor } from "../runtime/tensor.ts";
import { apply } from "./apply.ts";
import { wholeAxes } from "./axes.ts";

/**
 * x from the last element to the first along `axis`: one, several, or all where none is given. Negative ones count from
 * the end.
 * @throws ArgumentError for an axis that x does not have or that is named twice
 */
export function flip(x: Tensor, axis?: number | readonly number[]): Tensor {
  return apply("flip", { x }, { axes: wholeAxes("flip", axis, x) });
}
