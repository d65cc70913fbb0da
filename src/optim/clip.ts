/** Gradients brought into bounds. */
import {
  add,
  asTensor,
  div,
  maximum,
  minimum,
  mul,
  sqrt,
  square,
  sum,
  type Tensor,
} from "../functions.ts";
import type { OptimizerOptions } from "./optimizer.ts";

/** `gradients`, one flat tensor a group, by value and then by their norm; `norm` is that before, where it is known. */
export function clip(
  gradients: readonly Tensor[],
  { clipValue, clipNorm }: OptimizerOptions,
  norm: Tensor | undefined,
): readonly Tensor[] {
  const bounded =
    clipValue === undefined
      ? gradients
      : gradients.map((one) => maximum(minimum(one, clipValue), -clipValue));
  if (clipNorm === undefined) return bounded;
  const known = clipValue === undefined ? norm : undefined;
  // The small term keeps 0/0 away where all gradients are 0.
  const factor = minimum(div(asTensor(clipNorm), add(known ?? normOf(bounded), 1e-6)), 1);
  return bounded.map((one) => mul(one, factor));
}

function normOf(gradients: readonly Tensor[]): Tensor {
  return sqrt(gradients.map((one) => sum(square(one))).reduce((total, next) => add(total, next)));
}
