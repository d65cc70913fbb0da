/**
 * Optimizers whose update of a parameter is an expression of verbs: one elementwise chain for each parameter, from what is
 * held to what is held.
 */
import { InternalError } from "../errors.ts";
import { abs, less, mul, type Tensor, where } from "../functions.ts";
import type { GroupUpdate } from "./core.ts";

/** One parameter, as an update reads it. */
export interface Site {
  readonly parameter: Tensor;
  /** Clipped, where it is. */
  readonly gradient: Tensor;
  readonly learningRate: Tensor;
  /** What is held under one of the optimizer's names. */
  held(name: string): Tensor;
}

/** What the parameter becomes, and what is held, by name. */
export interface Updated {
  readonly parameter: Tensor;
  readonly state: Readonly<Record<string, Tensor>>;
}

/** Assigns to every parameter of a group, and to its state, what `rule` makes of them. */
export function assignEach<Settings>(
  { inputs, settings, when, clip, state }: GroupUpdate<Settings>,
  rule: (site: Site, settings: Settings) => Updated,
): void {
  const guarded = (next: Tensor, before: Tensor) =>
    when === undefined ? next : where(when, next, before);
  inputs.parameters.forEach((parameter, i) => {
    const gradient = inputs.gradients[i] ?? parameter;
    const variableOf = (name: string) => {
      const held = state(name)[i];
      if (held === undefined) throw new InternalError(`nothing is held as ${name}.`);
      return held;
    };
    const site = {
      parameter,
      gradient: clip === undefined ? gradient : mul(gradient, clip),
      learningRate: inputs.learningRate,
      held: variableOf,
    };
    const next = rule(site, settings);
    for (const [name, value] of Object.entries(next.state)) {
      const held = variableOf(name);
      held.assign(guarded(value, held));
    }
    parameter.assign(guarded(next.parameter, parameter));
  });
}

/**
 * State fades by a factor a step where there is no gradient. What has become too small to matter is 0 before it is
 * subnormal: cpus are ten times as slow with such numbers, and GPUs may or may not have them.
 */
export const fadedMoment = (x: Tensor) => where(less(abs(x), 2 ** -96), 0, x);
/** The same for mean squares: the root of what is 0 here is less than 1e-18. */
export const fadedSquare = (x: Tensor) => where(less(x, 2 ** -120), 0, x);
