/** What the recurrent ops share: the layout of their tapes, their checks, and what their loops of small ops are made of. */
import type { Shape, TensorType } from "../tensor/shape.ts";
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import { checkDType, checkShape } from "./check.ts";
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
function initial(emit: Emit, tape: Value, reverse: boolean): Value {
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

/** The state before the walk and those behind each of its steps, [T, B, U] → [T + 1, B, U]. */
export function tapeOf(emit: Emit, first: Value, steps: Value, reverse: boolean): Value {
  const row = arithmetic(emit).reshape(first, [1, ...first.type.shape]);
  return emit("concat", { xs: reverse ? [steps, row] : [row, steps] }, { axis: 0 }).out;
}
