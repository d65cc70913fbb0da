/** What keeps squares and powers from overflowing, and from vanishing, where their root does neither. */
import { keptShape, reducedCount } from "../ops/reduce.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { ones } from "./creation.ts";
import { abs, and, div, equal, finite, greater, sqrt, where } from "./elementwise.ts";
import { stopGradient } from "./movement.ts";
import { max } from "./reduce.ts";

/**
 * x divided by its largest |x| along `axes`, or by the smallest where `pick` is min, and that, [..., 1, ...]; by 1 where it
 * is 0 or not finite. No gradient passes through it: what is multiplied by it again does not depend on it.
 */
export function scaled(
  x: Tensor,
  axes: readonly number[],
  pick: typeof max = max,
): { near: Tensor; scale: Tensor } {
  if (reducedCount(x.shape, axes) === 0) return { near: x, scale: ones(keptShape(x.shape, axes)) };
  const most = stopGradient(pick(abs(x), { axis: axes, keepDims: true }));
  const scale = where(and(greater(most, 0), finite(most)), most, 1);
  return { near: div(x, scale), scale };
}

/** √x, whose gradient is 0 where x is 0. */
export function root(x: Tensor): Tensor {
  const isNone = equal(x, 0);
  return where(isNone, 0, sqrt(where(isNone, 1, x)));
}
