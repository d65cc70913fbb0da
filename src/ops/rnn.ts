/**
 * The simple recurrent layer (Elman 1990). For every step t of the walk, with h the state before it:
 *
 *   h_t = φ(projected_t + h · R)          φ = tanh or relu
 *
 * Backward, from the last step of the walk to the first, with gH what the steps after t send back:
 *
 *   dh = gY_t + gH,  da = dh ∘ φ'(h_t),  gH = da · Rᵀ          φ' = 1 - h_t², or 1 where h_t > 0
 *
 * Rows that have ended keep their state, and the gradient passes through them unchanged.
 */
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import type { Emit, Op, Value } from "./op.ts";
import {
  after,
  before,
  checkGates,
  checkLengths,
  checkRecurrent,
  checkState,
  checkTape,
  extentOf,
  gatesShape,
  liveRows,
  recurrentGradient,
  stack,
  stepOf,
  tapeShape,
  walk,
  whereLive,
  withInitial,
  zerosLike,
} from "./recurrence.ts";
import type { ByInput, ByOutput, Rnn } from "./vocabulary.ts";

export const rnn: Op<"rnn"> = {
  inputs: { projected: "one", recurrent: "one", h0: "one", lengths: "optional" },
  outputs: { states: "one" },
  cost: "expensive",

  infer({ projected, recurrent, h0, lengths }) {
    const extent = checkGates("rnn", "projected", projected, 1);
    checkRecurrent("rnn", recurrent, extent.units, 1);
    checkState("rnn", "h0", h0, extent);
    checkLengths("rnn", lengths, extent.batch);
    return { states: { dtype: "f32", shape: tapeShape(extent) } };
  },

  vjp(emit, { ins: { recurrent, lengths }, outs: { states }, cotangents, attrs }) {
    const gStates = cotangents.states ?? zerosLike(emit, states);
    const gY = after(emit, gStates, attrs.reverse);
    const { gProjected, gH0 } = emit("rnnGrad", { recurrent, states, gY, lengths }, attrs);
    return {
      projected: gProjected,
      recurrent: recurrentGradient(emit, states, gProjected, attrs.reverse),
      h0: withInitial(emit, gH0, cotangents.states, attrs.reverse),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  composite: unrolledForward,
};

/** Gradients of rnn's projected and h0; those of the recurrent weights are one product after it. */
export const rnnGrad: Op<"rnnGrad"> = {
  inputs: { recurrent: "one", states: "one", gY: "one", lengths: "optional" },
  outputs: { gProjected: "one", gH0: "one", gH: "optional" },
  cost: "expensive",

  infer({ recurrent, states, gY, lengths }, { flow }) {
    const extent = checkGates("rnnGrad", "gY", gY, 1);
    checkRecurrent("rnnGrad", recurrent, extent.units, 1);
    checkTape("rnnGrad", "states", states, tapeShape(extent));
    checkLengths("rnnGrad", lengths, extent.batch);
    const { batch, units } = extent;
    return {
      gProjected: { dtype: "f32", shape: gatesShape(extent, 1) },
      gH0: { dtype: "f32", shape: [batch, units] },
      gH: flow ? gY : undefined,
    };
  },

  vjp: "throughComposite",
  composite: unrolledBackward,
};

function unrolledForward(
  emit: Emit,
  { projected, recurrent, h0, lengths }: ByInput<"rnn", Value>,
  { activation, reverse }: Rnn,
): ByOutput<"rnn", Value> {
  const m = arithmetic(emit);
  const { steps } = extentOf(projected.type.shape);
  let h = h0;
  const rows = walk(steps, reverse).map((t) => {
    const product = emit(
      "matmul",
      { a: h, b: recurrent },
      { transposeA: false, transposeB: false },
    );
    const next = m.unary(activation, m.add(stepOf(m, projected, t), product.out));
    h = whereLive(m, liveRows(m, lengths, t), next, h);
    return h;
  });
  const states = [h0, ...rows];
  return { states: stack(emit, reverse ? states.reverse() : states) };
}

function unrolledBackward(
  emit: Emit,
  { recurrent, states, gY, lengths }: ByInput<"rnnGrad", Value>,
  { activation, reverse, flow }: Rnn,
): ByOutput<"rnnGrad", Value> {
  const m = arithmetic(emit);
  const { steps } = extentOf(gY.type.shape);
  const outputs = after(emit, states, reverse);
  const parts = new Array<Value>(steps);
  const flows = new Array<Value>(steps);
  let gH = zerosLike(emit, stepOf(m, before(emit, states, reverse), 0));
  for (const t of walk(steps, !reverse)) {
    const live = liveRows(m, lengths, t);
    const all = m.add(stepOf(m, gY, t), gH);
    const dh = whereLive(m, live, all, 0);
    const da = m.mul(dh, slope(m, activation, stepOf(m, outputs, t)));
    const back = emit("matmul", { a: da, b: recurrent }, { transposeA: false, transposeB: true });
    gH = whereLive(m, live, back.out, all);
    parts[t] = da;
    flows[t] = dh;
  }
  return {
    gProjected: stack(emit, parts),
    gH0: gH,
    gH: flow ? stack(emit, flows) : undefined,
  };
}

/** φ'(a) where h = φ(a). */
function slope(m: Arithmetic, activation: Rnn["activation"], h: Value): Value {
  if (activation === "tanh") return m.sub(1, m.unary("square", h));
  return m.where(m.binary("greater", h, 0), m.literal(1), 0);
}
