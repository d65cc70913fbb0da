/**
 * LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), one layer over a whole sequence.
 * Gates are interleaved, innermost, in PyTorch's order i f g o. With h_{-1} = h0, c_{-1} = c0 and for every t:
 *
 *   a_t = projected_t + h_{t-1} · R            projected_t = x_t · W + b comes as one product for the sequence
 *   i, f, o = σ(a_i, a_f, a_o),  g = tanh(a_g)
 *   c_t = f ∘ c_{t-1} + i ∘ g
 *   h_t = o ∘ tanh(c_t)
 *
 * Backward, from the last step to the first, with gH and gC what the steps after t send back:
 *
 *   dh = gY_t + gH,  dc = gCells_t + gC + dh ∘ o ∘ (1 - tanh²(c_t))
 *   da_i = dc ∘ g ∘ i(1 - i),  da_f = dc ∘ c_{t-1} ∘ f(1 - f),  da_g = dc ∘ i ∘ (1 - g²),  da_o = dh ∘ tanh(c_t) ∘ o(1 - o)
 *   gH = da · Rᵀ,  gC = dc ∘ f
 */
import { ShapeError } from "../errors.ts";
import type { TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkRank, checkShape, complaint, listTypes } from "./check.ts";
import type { Emit, Op, OpTable, Value } from "./op.ts";
import { unrolledBackward, unrolledForward } from "./unrolled.ts";

const STATES = "The state is [B, U], as many rows and units as the sequence has.";
const RECURRENT = "It is [U, U, 4]: from unit, to unit, gate.";

const lstm: Op<"lstm"> = {
  inputs: { projected: "one", recurrent: "one", h0: "one", c0: "one" },
  outputs: { y: "one", cells: "one", gates: "one" },
  cost: "expensive",
  overwrites: { gates: "projected" },

  infer({ projected, recurrent, h0, c0 }) {
    for (const [name, type] of Object.entries({ projected, recurrent, h0, c0 })) {
      checkDType("lstm", name, type, ["f32"]);
    }
    checkGates("lstm", "projected", projected);
    const [steps = 0, batch = 0, units = 0] = projected.shape;
    checkShape("lstm", "recurrent", recurrent, [units, units, 4], RECURRENT);
    checkShape("lstm", "h0", h0, [batch, units], STATES);
    checkShape("lstm", "c0", c0, [batch, units], STATES);
    const sequence: TensorType = { dtype: "f32", shape: [steps, batch, units] };
    return { y: sequence, cells: sequence, gates: projected };
  },

  vjp(emit, { ins: { recurrent, h0, c0 }, outs: { y, cells, gates }, cotangents }) {
    const m = arithmetic(emit);
    const gY = cotangents.y ?? m.broadcastTo(m.literal(0), y.type.shape);
    const gCells = cotangents.cells;
    const residuals = { recurrent, c0, cells, gates, gY, gCells };
    // Only the gradient of a gradient asks for the gates' own cotangent; there is no kernel for that.
    const { gProjected, gH0, gC0 } = cotangents.gates
      ? unrolledBackward(emit, residuals, cotangents.gates)
      : emit("lstmGrad", residuals, {});
    const gRecurrent = recurrentGradient(emit, h0, y, gProjected);
    return { projected: gProjected, recurrent: gRecurrent, h0: gH0, c0: gC0 };
  },

  composite: unrolledForward,
};

/** Gradients of lstm's projected, h0 and c0; those of the recurrent weights are one product after it (see lstm). */
const lstmGrad: Op<"lstmGrad"> = {
  inputs: {
    recurrent: "one",
    c0: "one",
    cells: "one",
    gates: "one",
    gY: "one",
    gCells: "optional",
  },
  outputs: { gProjected: "one", gH0: "one", gC0: "one" },
  cost: "expensive",
  overwrites: { gProjected: "gates" },

  infer({ recurrent, c0, cells, gates, gY, gCells }) {
    const op = "lstmGrad";
    const given = { recurrent, c0, cells, gates, gY, ...(gCells && { gCells }) };
    for (const [name, type] of Object.entries(given)) checkDType(op, name, type, ["f32"]);
    checkGates(op, "gates", gates);
    const sequence = gates.shape.slice(0, 3);
    const [, batch = 0, units = 0] = sequence;
    checkShape(op, "recurrent", recurrent, [units, units, 4], RECURRENT);
    checkShape(op, "c0", c0, [batch, units], STATES);
    for (const [name, type] of Object.entries({ cells, gY, ...(gCells && { gCells }) })) {
      checkShape(op, name, type, sequence, "It is [T, B, U], as the gates are [T, B, U, 4].");
    }
    return { gProjected: gates, gH0: c0, gC0: c0 };
  },

  vjp: "throughComposite",

  composite: (emit, ins) => unrolledBackward(emit, ins, undefined),
};

export const recurrentOps = { lstm, lstmGrad } satisfies Pick<OpTable, "lstm" | "lstmGrad">;

function checkGates(op: string, name: string, type: TensorType): void {
  checkRank(op, name, type, 4, "[T, B, U, 4]: step, sequence, unit, gate");
  const [steps = 0, , , gates] = type.shape;
  if (gates === 4 && steps >= 1) return;
  throw new ShapeError(
    complaint(
      op,
      `${name} must have at least 1 step and exactly 4 gates`,
      listTypes({ [name]: type }),
      "It is [T, B, U, 4], the gates in the order i f g o.",
    ),
  );
}

/**
 * gR = Σ_t h_{t-1}ᵀ · da_t → [U, U, 4]: one large product over all steps that follow another, and a small one for
 * the first, whose h comes from outside. Both read their operands where they lie.
 */
function recurrentGradient(emit: Emit, h0: Value, y: Value, gProjected: Value): Value {
  const m = arithmetic(emit);
  const [steps = 0, batch = 0, units = 0] = y.type.shape;
  const product = (h: Value, g: Value) =>
    emit("matmul", { a: h, b: g }, { transposeA: true, transposeB: false }).out;
  const rows = (first: number, count: number) => {
    const part = m.slice(gProjected, [first, 0, 0, 0], [count, batch, units, 4]);
    return m.reshape(part, [count * batch, units * 4]);
  };
  const first = product(h0, rows(0, 1));
  if (steps === 1) return m.reshape(first, [units, units, 4]);
  const before = m.reshape(m.slice(y, [0, 0, 0], [steps - 1, batch, units]), [
    (steps - 1) * batch,
    units,
  ]);
  const rest = product(before, rows(1, steps - 1));
  return m.reshape(m.add(rest, first), [units, units, 4]);
}
