/**
 * Recurrent layers that are walked together. One above the other, layer l can take step t as soon as the layer below has
 * taken it, while that one takes step t + 1: a wavefront of T + L − 1 steps instead of T · L. Side by side, as the two
 * directions of a layer are, all of them take a step at a time.
 *
 * What such an op means is its composite: the ops of one layer each, with the products between them. Devices that gain
 * nothing by walking layers together get that instead (scheduler/separate-layers.ts). Its gradient is one more such op,
 * and one product for each weight matrix after it.
 */
import { ArgumentError, InternalError } from "../errors.ts";
import { type Shape, sizeOf, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkShape, complaint } from "./check.ts";
import type { Emit, Value } from "./op.ts";
import {
  after,
  checkGates,
  checkRecurrent,
  type Extent,
  extentOf,
  zerosLike,
} from "./recurrence.ts";

interface LayerInputs {
  readonly projected: readonly TensorType[];
  readonly recurrent: readonly TensorType[];
  readonly input: readonly TensorType[];
  readonly bias: readonly TensorType[];
}

/** Whether `layers` layers stand above each other, by how many of them get their input from outside. */
export function isStacked(projected: number, layers: number): boolean {
  return projected < layers;
}

/** Checks what layers of any cell are given; returns the extent that they share. */
export function checkLayers(
  op: string,
  { projected, recurrent, input, bias }: LayerInputs,
  gates: number,
  reverse: readonly boolean[],
): Extent {
  const layers = recurrent.length;
  const [first] = projected;
  if (first === undefined || (projected.length > 1 && projected.length !== layers)) {
    throw new ArgumentError(
      complaint(
        op,
        "projected must be that of the lowest layer, or of every layer",
        `${projected.length} for ${layers} layers`,
        "Layers above the lowest take the states below them.",
      ),
    );
  }
  const above = isStacked(projected.length, layers) ? layers - 1 : 0;
  checkCount(op, "input", input, above);
  checkCount(op, "bias", bias, above);
  checkDirections(op, reverse, layers, above > 0);
  const extent = checkGates(op, "projected 0", first, gates);
  const { units } = extent;
  for (const [i, type] of projected.entries()) {
    checkShape(op, `projected ${i}`, type, first.shape, "All layers have the same T, B and U.");
  }
  for (const type of [...recurrent, ...input]) checkRecurrent(op, type, units, gates);
  const biasShape = gates === 1 ? [units] : [units, gates];
  for (const [i, type] of bias.entries()) {
    checkDType(op, `bias ${i}`, type, ["f32"]);
    checkShape(op, `bias ${i}`, type, biasShape, "It is added to the product with `input`.");
  }
  return extent;
}

/** A list must have one tensor for each of `count` layers. */
export function checkCount(
  op: string,
  name: string,
  list: readonly TensorType[],
  count: number,
): void {
  if (list.length === count) return;
  throw new ArgumentError(
    complaint(op, `there must be ${count} of ${name}`, `${list.length}`, "There is one a layer."),
  );
}

/** Gradients from outside: those of the topmost layers, at most one each. */
export function checkTopmost(
  op: string,
  name: string,
  list: readonly TensorType[],
  layers: number,
): void {
  if (list.length <= layers) return;
  throw new ArgumentError(
    complaint(op, `there must be at most ${layers} of ${name}`, `${list.length}`, "One a layer."),
  );
}

export function checkDirections(
  op: string,
  reverse: readonly boolean[],
  layers: number,
  isOneAboveOther: boolean,
): void {
  const isKnown = reverse.length === layers;
  if (isKnown && !(isOneAboveOther && new Set(reverse).size > 1)) return;
  throw new ArgumentError(
    complaint(
      op,
      isKnown
        ? "layers above each other must walk in one direction"
        : "there must be a direction for every layer",
      `reverse [${reverse.join(", ")}] for ${layers} layers`,
      "What a layer takes must be there before its step.",
    ),
  );
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
export function projectStates(
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
export function gradientBelow(emit: Emit, gProjected: Value, input: Value): Value {
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
export function stateGradient(
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
export function biasGradient(emit: Emit, gProjected: Value): Value {
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
