/** What norms have in common: a centred, scaled x over some axes, and the affine map behind it. */
import { flag, positive } from "../arguments.ts";
import {
  add,
  mean,
  mul,
  type Operand,
  rsqrt,
  type Shape,
  square,
  sub,
  type Tensor,
  type Variable,
  variable,
} from "../functions.ts";
import { hostArray } from "../internals.ts";
import { sizeFor } from "./initialise.ts";
import type { Module } from "./module.ts";

/** What every norm can be told. */
export interface NormOptions {
  /** Added to the variance, so that nothing is divided by 0; 1e-5. */
  readonly epsilon?: number;
  /** Whether a weight, ones at first, and a bias, zeros at first, are learned for every channel or feature. */
  readonly affine?: boolean;
}

export const NORM_RULES = { epsilon: positive, affine: flag };

/** Mean and variance of x over some axes, which stay as dimensions of size 1. */
export interface Statistics {
  readonly mean: Tensor;
  /** Of all elements, not of a sample: Σ (x − mean)² / n. From the centred x, since E[x²] − E[x]² loses the digits. */
  readonly variance: Tensor;
  /** x − mean: once, so that its gradient is summed over the axes once. */
  readonly centred: Tensor;
}

export function statisticsOf(x: Tensor, axes: readonly number[]): Statistics {
  const over = { axis: axes, keepDims: true };
  const average = mean(x, over);
  const centred = sub(x, average);
  return { mean: average, variance: mean(square(centred), over), centred };
}

/** x / √(power + ε). */
export function scaled(x: Tensor, power: Tensor, epsilon: number): Tensor {
  return mul(x, rsqrt(add(power, epsilon)));
}

/** weight ∘ x + bias, as far as there are such; and both as parameters. */
export interface Affine {
  apply(x: Tensor): Tensor;
  readonly parameters: Readonly<Record<string, Variable>>;
}

export function affineOf(
  kind: Module["kind"],
  shape: Shape,
  { weight = true, bias = true }: { readonly weight?: boolean; readonly bias?: boolean },
): Affine {
  const w = weight ? constant(`${kind}.weight`, shape, 1) : undefined;
  const b = bias ? constant(`${kind}.bias`, shape, 0) : undefined;
  const all: readonly [Variable | undefined, (x: Tensor, by: Operand) => Tensor][] = [
    [w, mul],
    [b, add],
  ];
  return {
    apply: (x) => all.reduce((y, [by, verb]) => (by === undefined ? y : verb(y, by)), x),
    parameters: { ...(w && { weight: w }), ...(b && { bias: b }) },
  };
}

/** An f32 variable of one number throughout. @throws ArgumentError for more than 2^27 elements */
export function constant(name: string, shape: Shape, value: number): Variable {
  const values = hostArray("f32", sizeFor(shape, name));
  // Zeros are there, and take no time however many they are.
  return variable(value === 0 ? values : values.fill(value), shape, name);
}
