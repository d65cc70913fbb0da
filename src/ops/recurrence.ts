/**
 * A recurrent layer over a whole sequence, of any cell (ops/cells), and its gradient, which walks the steps backwards
 * (back-propagation through time, Werbos 1990). The input's part of every step, x·W + b, is one product outside; the ops
 * walk what cannot be done at once. Both mean a loop of the cell's own step (recurrence-loop.ts).
 *
 * Rows that have ended keep their state, and the gradient passes through them unchanged; their part of the tape, and of
 * all gradients of a step, is 0.
 */
import { ShapeError } from "../errors.ts";
import { describe, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import type { CellBody, CellGradient } from "./cells/body.ts";
import { checkDType, checkRank, checkShape, complaint } from "./check.ts";
import type { Cotangent, Emit, Op, OpTable, Value, VjpSite, VjpTable } from "./op.ts";
import { lastOf, loopBackward, loopForward } from "./recurrence-loop.ts";
import {
  after,
  before,
  checkLengths,
  checkState,
  checkTape,
  type Extent,
  extentOf,
  tapeShape,
  weightGradient,
  withInitial,
} from "./tapes.ts";

const f32 = (shape: readonly number[]): TensorType => ({ dtype: "f32", shape });

/** [T, B, U, n], or nothing where n is 0. */
const wide = ({ steps, batch, units }: Extent, n: number): TensorType | undefined =>
  n === 0 ? undefined : f32([steps, batch, units, n]);

/** A layer of a cell over a whole sequence: x·W + b of all steps, [T, B, U, I], to the states around each, [T + 1, B, U]. */
const recurrence: Op<"recurrence"> = {
  inputs: {
    projected: "one",
    recurrent: "optional",
    vectors: "many",
    initial: "many",
    lengths: "optional",
  },
  outputs: { states: "many", tape: "optional" },
  cost: "expensive",
  overwrites: ({ cell }) => (cell.tape.length === cell.inputs.length ? { tape: "projected" } : {}),
  gathers: ["vectors", "initial"],
  packsOutputs: ["states"],

  infer({ projected, recurrent, vectors, initial, lengths }, { cell }) {
    const { name } = cell;
    checkDType(name, "projected", projected, ["f32"]);
    checkRank(name, "projected", projected, 4, "[T, B, U, inputs]: step, sequence, unit, input");
    const extent = extentOf(projected.shape);
    checkInputs(cell, projected, extent);
    checkWeights(cell, { recurrent, vectors }, extent);
    checkCount(cell, "initial states", initial, cell.states);
    initial.forEach((type, s) => {
      checkState(name, `${cell.states[s]}0`, type, extent);
    });
    checkLengths(name, lengths, extent.batch);
    return {
      states: cell.states.map(() => f32(tapeShape(extent))),
      tape: wide(extent, cell.tape.length),
    };
  },

  composite: loopForward,
};

/** The gradient of a recurrence: from those of its states back to `projected`, the vectors and the first states. */
const recurrenceGrad: Op<"recurrenceGrad"> = {
  inputs: {
    recurrent: "optional",
    vectors: "many",
    states: "many",
    tape: "optional",
    gStates: "many",
    lengths: "optional",
  },
  outputs: {
    gProjected: "one",
    gSums: "optional",
    gVectors: "optional",
    gInitial: "many",
    flow: "many",
  },
  cost: "expensive",
  overwrites: ({ cell }) => (cell.tape.length === cell.inputs.length ? { gProjected: "tape" } : {}),
  gathers: ["vectors", "states", "gStates"],
  packsOutputs: ["gInitial", "flow"],

  infer({ recurrent, vectors, states, tape, gStates, lengths }, { cell, flow, watched }) {
    const name = `the gradient of ${cell.name}`;
    checkCount(cell, "states", states, cell.states);
    const [rows = 1, batch = 0, units = 0] = states[0]?.shape ?? [];
    const extent = { steps: rows - 1, batch, units };
    states.forEach((type, s) => {
      checkTape(name, `the states ${cell.states[s]}`, type, tapeShape(extent));
    });
    checkWeights(cell, { recurrent, vectors }, extent);
    const kept = wide(extent, cell.tape.length);
    if (kept && tape) checkTape(name, "tape", tape, kept.shape);
    const each = f32([extent.steps, batch, units]);
    checkCount(cell, "gradients of states", gStates, watched);
    for (const g of gStates) checkTape(name, "a gradient of states", g, each.shape);
    checkLengths(name, lengths, batch);
    return {
      gProjected: f32([...each.shape, cell.inputs.length]),
      gSums: cell.isJoint ? undefined : wide(extent, cell.sums.length),
      gVectors: wide(extent, cell.ownGradients),
      gInitial: cell.states.map(() => f32([batch, units])),
      flow: flow ? cell.states.map(() => each) : [],
    };
  },
  composite: (emit, ins, attrs, loop) => loopBackward(emit, ins, attrs, loop),
};

export const walkOps = { recurrence, recurrenceGrad } satisfies Pick<
  OpTable,
  "recurrence" | "recurrenceGrad"
>;

export const walkVjps = {
  recurrence(emit, site, loop, gradientOf) {
    const { ins, outs, cotangents, attrs } = site;
    const { reverse } = attrs;
    const cell = gradientOf(attrs.cell);
    const { recurrent, vectors, lengths } = ins;
    const { states, tape } = outs;
    const given = cotangents.states.flatMap((g, s) => (g === undefined ? [] : [{ g, s }]));
    const gStates = given.map(({ g }) => after(emit, g, reverse));
    const residuals = { recurrent, vectors, states, tape, gStates, lengths };
    const how = { ...attrs, cell, watched: given.map(({ s }) => s) };
    // Only the gradient of a gradient asks for the tape's own cotangent; no walk takes one.
    const made = cotangents.tape
      ? loopBackward(emit, residuals, how, loop, cotangents.tape)
      : emit("recurrenceGrad", residuals, how);
    return {
      projected: made.gProjected,
      recurrent: recurrent && recurrentGradient(emit, site, cell, made.gSums ?? made.gProjected),
      vectors: vectorGradients(emit, cell, made),
      initial: made.gInitial.map((g, s) => withInitial(emit, g, cotangents.states[s], reverse)),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  recurrenceGrad: "throughComposite",
} satisfies Pick<VjpTable, "recurrence" | "recurrenceGrad">;

function checkInputs({ name, inputs }: CellBody, projected: TensorType, { steps }: Extent): void {
  if (projected.shape[3] === inputs.length && steps >= 1) return;
  throw new ShapeError(
    complaint(
      name,
      `projected must have at least 1 step and exactly ${inputs.length} input${inputs.length === 1 ? "" : "s"}, ${inputs.join(", ")}`,
      `projected ${describe(projected)}`,
      "It is [T, B, U, inputs]. A sequence of no steps has no state to return.",
    ),
  );
}

function checkWeights(
  cell: CellBody,
  ins: { readonly recurrent: TensorType | undefined; readonly vectors: readonly TensorType[] },
  { units }: Extent,
): void {
  const { name, sums } = cell;
  const { recurrent, vectors } = ins;
  if ((recurrent === undefined) !== (sums.length === 0)) {
    const remedy = "Recurrent weights lead from unit to unit, [U, U, sums].";
    const rule = `there must be recurrent weights where the cell has sums, and only there`;
    throw new ShapeError(
      complaint(name, rule, `${sums.length} sums, ${recurrent ? "weights" : "none"}`, remedy),
    );
  }
  if (recurrent !== undefined) {
    checkDType(name, "recurrent", recurrent, ["f32"]);
    const meaning = "It leads from unit to unit, sums innermost.";
    checkShape(name, "recurrent", recurrent, [units, units, sums.length], meaning);
  }
  checkCount(cell, "vectors", vectors, cell.vectors);
  vectors.forEach((type, v) => {
    checkDType(name, `${cell.vectors[v]}`, type, ["f32"]);
    checkShape(name, `${cell.vectors[v]}`, type, [units], "It has a number for each unit.");
  });
}

function checkCount(
  { name }: CellBody,
  what: string,
  given: readonly unknown[],
  names: readonly unknown[],
): void {
  if (given.length === names.length) return;
  const remedy = `Give ${names.join(", ") || "none"}, in this order.`;
  throw new ShapeError(
    complaint(name, `there must be ${names.length} ${what}`, String(given.length), remedy),
  );
}

/** Σ_t h_beforeᵀ · gSums_t over all steps as one product; that of a second product is one of its own. */
function recurrentGradient(
  emit: Emit,
  { ins, outs, attrs: { reverse } }: VjpSite<"recurrence">,
  cell: CellGradient,
  gSums: Value,
): Value {
  const h = before(emit, first(outs.states), reverse);
  const { firstSums, sums } = cell;
  const m = arithmetic(emit);
  if (firstSums === sums.length)
    return m.reshape(weightGradient(emit, h, gSums), ins.recurrent?.type.shape ?? []);
  const between = cell.betweenAgain(emit, {
    tape: sums.length === 0 || outs.tape === undefined ? [] : lastOf(emit, outs.tape),
    before: outs.states.map((tape) => before(emit, tape, reverse)),
    after: outs.states.map((tape) => after(emit, tape, reverse)),
    vectors: ins.vectors,
    gAfter: [],
  });
  const rest = gSums.type.shape.slice(0, 3);
  const part = (x: Value, from: number, to: number) => {
    const own = m.slice(gSums, [0, 0, 0, from], [...rest, to - from]);
    const g = weightGradient(emit, x, own);
    return m.reshape(g, [...g.type.shape.slice(0, 2), to - from]);
  };
  // It may be the same for all rows.
  const isWhole = between.type.shape.length === h.type.shape.length;
  const each = isWhole ? between : m.broadcastTo(between, h.type.shape);
  const late = part(each, firstSums, sums.length);
  return firstSums === 0
    ? late
    : emit("concat", { xs: [part(h, 0, firstSums), late] }, { axis: 2 }).out;
}

interface Made {
  readonly gProjected: Value;
  readonly gSums: Value | undefined;
  readonly gVectors: Value | undefined;
}

/** Sums over all rows of what lies side by side: they ride along in a product that reads the rows anyway. */
function vectorGradients(emit: Emit, cell: CellGradient, made: Made): Cotangent[] {
  const m = arithmetic(emit);
  const lists = {
    inputs: made.gProjected,
    sums: made.gSums ?? made.gProjected,
    own: made.gVectors,
  };
  return cell.vectorGradients.map(({ of, place }) => {
    const all = lists[of];
    if (all === undefined) return undefined;
    const [steps = 0, batch = 0, units = 0, count = 0] = all.type.shape;
    const totals = m.sum(m.reshape(all, [steps * batch, units * count]), [0]);
    return lastOf(emit, m.reshape(totals, [units, count]))[place];
  });
}

function first(list: readonly Value[]): Value {
  return list[0] as Value; // a cell has a state
}
