/**
 * Recurrent layers that are walked together. One above the other, layer l can take step t as soon as the layer below has
 * taken it, while that one takes step t + 1: a wavefront of T + L − 1 steps instead of T · L. Side by side, as the two
 * directions of a layer are, all of them take a step at a time.
 *
 * What such an op means is its composite: the ops of one layer each, with the products between them. Devices that gain
 * nothing by walking layers together get that instead (scheduler/separate-layers.ts). Its gradient is one more such op,
 * and one product for each weight matrix after it.
 */
import { InternalError } from "../errors.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import type { Cotangent, Emit, Value } from "./op.ts";
import {
  after,
  extentOf,
  recurrentGradient,
  weightGradient,
  withInitial,
  zerosLike,
} from "./tapes.ts";

interface LayerInputs {
  readonly projected: readonly Value[];
  readonly recurrent: readonly Value[];
  readonly input: readonly Value[];
  readonly bias: readonly Value[];
}

/** Layer by layer, from the lowest up: `walk` is given what each takes, from outside or from the states below. */
export function walkUp<R extends { readonly states: Value }>(
  emit: Emit,
  { projected, recurrent, input, bias }: LayerInputs,
  reverse: readonly boolean[],
  walk: (projected: Value, recurrent: Value, index: number) => R,
): R[] {
  const made: R[] = [];
  for (const [l, own] of recurrent.entries()) {
    const take = (): Value =>
      projectStates(emit, layer(made, l - 1).states, {
        input: layer(input, l - 1),
        bias: layer(bias, l - 1),
        reverse: layer(reverse, l),
      });
    made.push(walk(projected[l] ?? take(), own, l));
  }
  return made;
}

interface LayerResiduals {
  readonly recurrent: readonly Value[];
  readonly input: readonly Value[];
  readonly gY: readonly Value[];
}

/** Layer by layer, from the topmost down: `walk` is given the gradient of every step's state. In the layers' order. */
export function walkDown<R extends { readonly gProjected: Value }>(
  emit: Emit,
  { recurrent, input, gY }: LayerResiduals,
  tape: readonly Value[],
  walk: (gY: Value, recurrent: Value, index: number) => R,
): R[] {
  const layers = recurrent.length;
  const made: R[] = [];
  for (let l = layers - 1; l >= 0; l--) {
    const [above] = made;
    const through = above && input[l] && gradientBelow(emit, above.gProjected, layer(input, l));
    const [rows = 1, ...rest] = layer(tape, l).type.shape;
    const outside = topmost(gY, l, layers);
    const whole = stateGradient(emit, outside, through, [rows - 1, ...rest]);
    made.unshift(walk(whole, layer(recurrent, l), l));
  }
  return made;
}

interface StepGradients {
  readonly gProjected: readonly Value[];
  /** Gradients of h·R; of most cells the same. */
  readonly gSums?: readonly Value[];
  readonly gH0: readonly Value[];
}

/** What all cells' layers have in common, from the gradients of their steps. */
export function layerGradients(
  emit: Emit,
  ins: LayerInputs,
  tape: { readonly states: readonly Value[]; readonly cotangents: readonly (Value | undefined)[] },
  reverse: readonly boolean[],
  { gProjected, gSums = gProjected, gH0 }: StepGradients,
) {
  const { states, cotangents } = tape;
  const lengths: Cotangent = { notDifferentiable: "lengths are whole numbers" };
  return {
    projected: gProjected.slice(0, ins.projected.length),
    recurrent: gSums.map((g, l) => recurrentGradient(emit, layer(states, l), g, layer(reverse, l))),
    input: ins.input.map((_, below) => {
      const y = after(emit, layer(states, below), layer(reverse, below));
      return weightGradient(emit, y, layer(gProjected, below + 1));
    }),
    bias: ins.bias.map((_, below) => biasGradient(emit, layer(gProjected, below + 1))),
    h0: initialGradients(emit, gH0, cotangents, reverse),
    lengths,
  };
}

/** Of the initial states: what comes back through the steps, and what the tapes' own rows get. */
export function initialGradients(
  emit: Emit,
  through: readonly Value[],
  cotangents: readonly (Value | undefined)[],
  reverse: readonly boolean[],
): Value[] {
  return through.map((g, l) => withInitial(emit, g, cotangents[l], layer(reverse, l)));
}

/** The entry of one layer in a list that has been checked. */
export function layer<T>(list: readonly T[], index: number): T {
  const entry = list[index];
  if (entry === undefined) throw new InternalError(`there is no layer ${index}.`);
  return entry;
}

/** The entry of one layer in a list of the topmost ones, if it is among them. */
export function topmost<T>(list: readonly T[], index: number, layers: number): T | undefined {
  return list[index - (layers - list.length)];
}

/** What a layer gets from the states below it: y · W + b, [T, B, U] or [T, B, U, gates]. */
function projectStates(
  emit: Emit,
  below: Value,
  { input, bias, reverse }: { input: Value; bias: Value; reverse: boolean },
): Value {
  const m = arithmetic(emit);
  const y = after(emit, below, reverse);
  const { steps, batch, units } = extentOf(y.type.shape);
  const columns = sizeOf(bias.type.shape);
  const product = emit(
    "matmul",
    { a: m.reshape(y, [steps * batch, units]), b: m.reshape(input, [units, columns]) },
    { transposeA: false, transposeB: false },
  ).out;
  const sum = m.add(product, m.reshape(bias, [columns]));
  return m.reshape(sum, [steps, batch, ...bias.type.shape]);
}

/** What a layer sends down to the states below it: gProjected · Wᵀ, [T, B, U]. */
function gradientBelow(emit: Emit, gProjected: Value, input: Value): Value {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gProjected.type.shape);
  const columns = units * (gProjected.type.shape[3] ?? 1);
  const product = emit(
    "matmul",
    { a: m.reshape(gProjected, [steps * batch, columns]), b: m.reshape(input, [units, columns]) },
    { transposeA: false, transposeB: true },
  ).out;
  return m.reshape(product, [steps, batch, units]);
}

/** The gradient of every step's state of one layer: from outside, and from the layer above it. */
function stateGradient(
  emit: Emit,
  outside: Value | undefined,
  above: Value | undefined,
  shape: Shape,
): Value {
  const m = arithmetic(emit);
  if (outside !== undefined && above !== undefined) return m.add(outside, above);
  return outside ?? above ?? m.broadcastTo(m.literal(0), shape);
}

/** Σ over steps and sequences of gProjected: [U] or [U, gates]. */
function biasGradient(emit: Emit, gProjected: Value): Value {
  const m = arithmetic(emit);
  const [steps = 0, batch = 0, ...own] = gProjected.type.shape;
  const flat = m.reshape(gProjected, [steps * batch, sizeOf(own)]);
  return m.reshape(m.sum(flat, [0]), own);
}

/**
 * Of gradients of the layers' tapes, those of every step from outside: from the lowest layer that has one upwards, zeros
 * where one above it has none.
 */
export function topmostGradients(
  emit: Emit,
  tapes: readonly Value[],
  cotangents: readonly (Value | undefined)[],
  reverse: readonly boolean[],
): Value[] {
  const lowest = cotangents.findIndex((cotangent) => cotangent !== undefined);
  if (lowest < 0) return [];
  return tapes.slice(lowest).map((tape, i) => {
    const cotangent = cotangents[lowest + i] ?? zerosLike(emit, tape);
    return after(emit, cotangent, layer(reverse, lowest + i));
  });
}
