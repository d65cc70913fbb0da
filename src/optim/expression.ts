/**
 * What an optimizer makes of the parameters of a group, an expression of verbs: all parameters one behind the other, and
 * so their gradients and what is held for them. A plan does it in one walk.
 */
import {
  abs,
  add,
  exp,
  less,
  mul,
  reciprocal,
  type Shape,
  type Tensor,
  tanh,
  where,
} from "../functions.ts";

/** What an update reads. */
export interface Site {
  /** Clipped, where it is, and with weightDecay · p where that is not decoupled from it. */
  readonly gradient: Tensor;
  readonly learningRate: Tensor;
  /** [], updates made, this one included. */
  readonly step: Tensor;
  /** Of the parameters, which lie at their `packedOffsets`. */
  readonly shapes: readonly Shape[];
  /** What is held under one of the optimizer's names. */
  held(name: string): Tensor;
}

/** What the parameters move against, p ← p − rate · direction, and what is held, by name. */
export interface Updated {
  readonly direction: Tensor;
  /** The learning rate, where nothing is said. */
  readonly rate?: Tensor;
  readonly state: Readonly<Record<string, Tensor>>;
}

/**
 * State fades by a factor a step where there is no gradient, as for a word that does not occur. What has become too small to
 * matter is 0 before it is subnormal: cpus are ten times as slow with such numbers, and GPUs may or may not have them. With
 * an epsilon of 1e-8 a parameter would move by 1e-20 learning rates.
 */
export const fadedMoment = (x: Tensor) => where(less(abs(x), 2 ** -96), 0, x);
/** The same for mean squares: the root of what is 0 here is less than 1e-18. */
export const fadedSquare = (x: Tensor) => where(less(x, 2 ** -120), 0, x);

/**
 * 1 / (1 − betaᵗ), [], also where betaᵗ is close to 1 and the difference would cancel: with z = t · log beta it is
 * 1 − eᶻ = tanh(−z/2) · (1 + eᶻ).
 */
export function biasCorrection(beta: number, step: Tensor): Tensor {
  // The logarithm of a beta of 0 stands for "gone after one step".
  const z = mul(step, Math.max(-100, Math.log(beta)));
  return reciprocal(mul(tanh(mul(z, -0.5)), add(exp(z), 1)));
}
