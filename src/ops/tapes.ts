/** What the recurrent ops share: the layout of their tapes, their checks, and what their loops of small ops are made of. */
import { ShapeError } from "../errors.ts";
import { describe, type Shape, type TensorType } from "../tensor/shape.ts";
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import { checkDType, checkRank, checkShape, complaint } from "./check.ts";
import type { Emit, Value } from "./op.ts";

/** T, B and U of a sequence. */
export interface Extent {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

export function extentOf(shape: Shape): Extent {
  const [steps = 0, batch = 0, units = 0] = shape;
  return { steps, batch, units };
}

/** States of every step and the one before the first: [T + 1, B, U]. */
export function tapeShape({ steps, batch, units }: Extent): Shape {
  return [steps + 1, batch, units];
}

/** Gates of a sequence: `gates` numbers a unit, or the units themselves where that is 1. */
export function gatesShape({ steps, batch, units }: Extent, gates: number): Shape {
  return gates === 1 ? [steps, batch, units] : [steps, batch, units, gates];
}

/** Checks [T, B, U] or [T, B, U, gates] with at least one step; returns its extent. */
export function checkGates(op: string, name: string, type: TensorType, gates: number): Extent {
  const layout = gates === 1 ? "[T, B, U]" : `[T, B, U, ${gates}]`;
  checkDType(op, name, type, ["f32"]);
  checkRank(op, name, type, gates === 1 ? 3 : 4, `${layout}: step, sequence, unit, gate`);
  const extent = extentOf(type.shape);
  const fits = gates === 1 || type.shape[3] === gates;
  if (fits && extent.steps >= 1) return extent;
  throw new ShapeError(
    complaint(
      op,
      `${name} must have at least 1 step${gates === 1 ? "" : ` and exactly ${gates} gates`}`,
      `${name} ${describe(type)}`,
      `It is ${layout}. A sequence of no steps has no state to return.`,
    ),
  );
}

export function checkRecurrent(op: string, type: TensorType, units: number, gates: number): void {
  checkDType(op, "recurrent", type, ["f32"]);
  const shape = gates === 1 ? [units, units] : [units, units, gates];
  checkShape(op, "recurrent", type, shape, "It leads from unit to unit, gates innermost.");
}

export function checkState(
  op: string,
  name: string,
  type: TensorType,
  { batch, units }: Extent,
): void {
  checkDType(op, name, type, ["f32"]);
  const remedy = "The state is [B, U], as many rows and units as the sequence has.";
  checkShape(op, name, type, [batch, units], remedy);
}

export function checkLengths(op: string, type: TensorType | undefined, batch: number): void {
  if (type === undefined) return;
  checkDType(op, "lengths", type, ["i32"]);
  checkShape(op, "lengths", type, [batch], "It has one length for each sequence of the batch.");
}

/** A tape, or a gradient of every step: f32 [T + 1, B, U] or [T, B, U]. */
export function checkTape(op: string, name: string, type: TensorType, shape: Shape): void {
  checkDType(op, name, type, ["f32"]);
  checkShape(op, name, type, shape, "It comes from the forward pass over the same sequence.");
}

/** Of a tape [T + 1, B, U], the rows before each step: [T, B, U]. */
export function before(emit: Emit, tape: Value, reverse: boolean): Value {
  return rowsOf(emit, tape, reverse ? 1 : 0);
}

/** Of a tape, the rows after each step: what each step computed. */
export function after(emit: Emit, tape: Value, reverse: boolean): Value {
  return rowsOf(emit, tape, reverse ? 0 : 1);
}

/** Of a tape, the row before the first step of the walk: [B, U]. */
export function initial(emit: Emit, tape: Value, reverse: boolean): Value {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(tape.type.shape);
  const row = m.slice(tape, [reverse ? steps - 1 : 0, 0, 0], [1, batch, units]);
  return m.reshape(row, [batch, units]);
}

/** Of a tape, the row behind the last step of the walk: [B, U]. */
export function finalRow(emit: Emit, tape: Value, reverse: boolean): Value {
  return initial(emit, tape, !reverse);
}

function rowsOf(emit: Emit, tape: Value, first: number): Value {
  const [rows = 1, batch = 0, units = 0] = tape.type.shape;
  return arithmetic(emit).slice(tape, [first, 0, 0], [rows - 1, batch, units]);
}

/**
 * gR = Σ_t h_beforeᵀ · ga_t over all steps as one product. `gSums` is the gradient of h·R, [T, B, U] or
 * [T, B, U, gates].
 */
export function recurrentGradient(
  emit: Emit,
  states: Value,
  gSums: Value,
  reverse: boolean,
): Value {
  return weightGradient(emit, before(emit, states, reverse), gSums);
}

/** Σ_t x_tᵀ · g_t of x [T, B, U] and gradients [T, B, U] or [T, B, U, gates], as one product. */
export function weightGradient(emit: Emit, x: Value, gradients: Value): Value {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gradients.type.shape);
  const gates = gradients.type.shape[3] ?? 1;
  const product = emit(
    "matmul",
    {
      a: m.reshape(x, [steps * batch, units]),
      b: m.reshape(gradients, [steps * batch, units * gates]),
    },
    { transposeA: true, transposeB: false },
  ).out;
  return gates === 1 ? product : m.reshape(product, [units, units, gates]);
}

/** Zeros like `like`, for a gradient that nothing asks for. */
export function zerosLike(emit: Emit, like: Value): Value {
  return zeros(emit, like.type.shape);
}

export function zeros(emit: Emit, shape: Shape): Value {
  const m = arithmetic(emit);
  return m.broadcastTo(m.literal(0), shape);
}

/** The gradient of the walk's first row: what comes back through the steps, and what the tape's own row gets. */
export function withInitial(
  emit: Emit,
  through: Value,
  gTape: Value | undefined,
  reverse: boolean,
): Value {
  return gTape === undefined
    ? through
    : arithmetic(emit).add(through, initial(emit, gTape, reverse));
}

/** Of a walk with lengths, the number of each step for its loop: i32[T]. Undefined where nothing asks for it. */
export function stepNumbers(
  emit: Emit,
  lengths: Value | undefined,
  steps: number,
): Value | undefined {
  return lengths && emit("iota", {}, { length: steps, dtype: "i32" }).out;
}

/** Which rows are still within their length at step t, i32[]: bool [B, 1], or undefined where all are. */
export function liveRows(
  m: Arithmetic,
  lengths: Value | undefined,
  t: Value | undefined,
): Value | undefined {
  if (lengths === undefined || t === undefined) return undefined;
  const batch = lengths.type.shape[0] ?? 0;
  return m.binary("greater", m.reshape(lengths, [batch, 1]), t);
}

/** `value` in rows that are live, `otherwise` in the others. */
export function whereLive(
  m: Arithmetic,
  live: Value | undefined,
  value: Value,
  otherwise: Value | number,
): Value {
  return live === undefined ? value : m.where(live, value, otherwise);
}

/** One gate of [B, U, gates] → [B, U]. */
export function gateOf(m: Arithmetic, x: Value, gate: number): Value {
  const [batch = 0, units = 0] = x.type.shape;
  return m.reshape(m.slice(x, [0, 0, gate], [batch, units, 1]), [batch, units]);
}

/** Some [B, U] → [B, U, gates]. */
export function joinGates(emit: Emit, gates: readonly Value[]): Value {
  const m = arithmetic(emit);
  const xs = gates.map((x) => m.reshape(x, [...x.type.shape, 1]));
  return emit("concat", { xs }, { axis: 2 }).out;
}

/** The state before the walk and those behind each of its steps, [T, B, U] → [T + 1, B, U]. */
export function tapeOf(emit: Emit, first: Value, steps: Value, reverse: boolean): Value {
  const row = arithmetic(emit).reshape(first, [1, ...first.type.shape]);
  return emit("concat", { xs: reverse ? [steps, row] : [row, steps] }, { axis: 0 }).out;
}

/** σ' where s = σ(a). */
export function sigmoidSlope(m: Arithmetic, s: Value): Value {
  return m.mul(s, m.sub(1, s));
}
