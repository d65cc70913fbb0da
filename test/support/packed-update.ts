/** An update of packed tensors as optimizers make it: an expression of all of them at once, and slices of what comes out. */
import { add, mul, reshape, slice, sub, type Tensor } from "../../src/functions.ts";
import { packed } from "../../src/internals.ts";
import { packedOffsets } from "../../src/ops/packed.ts";

export interface PackedUpdate {
  readonly parameters: readonly Tensor[];
  readonly state: readonly Tensor[];
}

/** Momentum: state ← momentum · state + gradient, parameter ← parameter − rate · state. */
export function packedUpdate(
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  state: readonly Tensor[],
  rate: Tensor | number,
  momentum = 0.9,
): PackedUpdate {
  const next = add(mul(packed(state), momentum), packed(gradients));
  return {
    parameters: parts(sub(packed(parameters), mul(next, rate)), parameters),
    state: parts(next, state),
  };
}

/** What of a flat tensor has the places and shapes of `like`. */
export function parts(flat: Tensor, like: readonly Tensor[]): Tensor[] {
  const { offsets } = packedOffsets(like.map(({ shape }) => shape));
  return like.map(({ size, shape }, i) => reshape(slice(flat, [offsets[i] ?? 0], [size]), shape));
}

/** New values of all of `variables`. */
export function updatesOf(
  variables: readonly Tensor[],
  next: readonly Tensor[],
): (readonly [Tensor, Tensor])[] {
  return next.map((value, i) => [variables[i] ?? value, value] as const);
}
