import type { Tensor } from "../runtime/tensor.ts";

/** Gradients that are zeros because what was differentiated does not depend on their inputs, or only by what has none. */
const known = new WeakSet<Tensor>();

/** Notes that `gradient`, zeros, is one of those. */
export function unreached(gradient: Tensor): Tensor {
  known.add(gradient);
  return gradient;
}

export function isUnreached(gradient: Tensor): boolean {
  return known.has(gradient);
}
