/**
 * What a step measures: the model's output against targets, or whatever functions of the model and the batch come to. In
 * either case loss and metrics see one forward pass.
 */
import { Tensor } from "../functions.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import type { Forward } from "./forward.ts";

/** A batch as traced functions see it, by the names that it has. */
export type BatchTensors = Readonly<Record<string, Tensors>>;

/** Calls a loss or metric with what it takes. */
export type Measure = (fn: (...given: never[]) => unknown) => unknown;

export interface Measured {
  readonly measure: Measure;
  /** What was carried, once the loss has been measured. */
  carried(): Omit<Forward, "output">;
}

export type Objective = (
  model: AnyModule,
  batch: BatchTensors,
  forward: (x: Tensors) => Forward,
) => Measured;

/** Functions of (output, targets). */
export const againstTargets: Objective = (_, { x = {}, y = {} }, forward) => {
  const { output, ...carried } = forward(x);
  return { measure: (fn) => fn(...([output, y] as never[])), carried: () => carried };
};

/**
 * Functions of (model, batch). The first one measured, the loss, applies the model as often as it likes; those behind it
 * are given the same outputs for the same inputs.
 */
export const ofBatch: Objective = (model, batch, forward) => {
  const passes: { readonly x: Tensors; readonly done: Forward }[] = [];
  let isLoss = true;
  const apply = (x: Tensors) => {
    const known = isLoss ? undefined : passes.find((pass) => isSame(pass.x, x));
    if (known !== undefined) return known.done.output;
    const done = forward(x);
    passes.push({ x, done });
    return done.output;
  };
  const handed = Object.assign(apply, model);
  return {
    measure(fn) {
      const measured = fn(...([handed, batch] as never[]));
      isLoss = false;
      return measured;
    },
    carried: () => ({
      changes: passes.flatMap(({ done }) => done.changes),
      parts: passes.reduce((parts, { done }) => parts + (done.parts ?? 1), 0),
    }),
  };
};

function isSame(a: Tensors, b: Tensors): boolean {
  if (a instanceof Tensor || b instanceof Tensor)
    return a instanceof Tensor && b instanceof Tensor && a.value === b.value;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => a[name]?.value === b[name]?.value);
}
