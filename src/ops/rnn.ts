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
import type { Emit, Loop, Op, Value } from "./op.ts";
import {
  after,
  checkGates,
  checkLengths,
  checkRecurrent,
  checkState,
  checkTape,
  extentOf,
  gatesShape,
  liveRows,
  recurrentGradient,
  stepNumbers,
  tapeOf,
  tapeShape,
  whereLive,
  withInitial,
  zeros,
  zerosLike,
} from "./tapes.ts";
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

  composite: loopForward,
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
  composite: loopBackward,
};

function loopForward(
  emit: Emit,
  { projected, recurrent, h0, lengths }: ByInput<"rnn", Value>,
  { activation, reverse }: Rnn,
  loop: Loop,
): ByOutput<"rnn", Value> {
  const m = arithmetic(emit);
  const { steps } = extentOf(projected.type.shape);
  const { ys } = loop(
    ({ h }, { x, t }) => {
      const product = emit(
        "matmul",
        { a: h, b: recurrent },
        { transposeA: false, transposeB: false },
      );
      const next = m.unary(activation, m.add(x, product.out));
      const carry = { h: whereLive(m, liveRows(m, lengths, t), next, h) };
      return { carry, y: carry };
    },
    { h: h0 },
    { x: projected, t: stepNumbers(emit, lengths, steps) },
    reverse,
  );
  return { states: tapeOf(emit, h0, ys.h, reverse) };
}

function loopBackward(
  emit: Emit,
  { recurrent, states, gY, lengths }: ByInput<"rnnGrad", Value>,
  { activation, reverse, flow }: Rnn,
  loop: Loop,
): ByOutput<"rnnGrad", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gY.type.shape);
  const { carry, ys } = loop(
    ({ gH }, { g, h, t }) => {
      const live = liveRows(m, lengths, t);
      const all = m.add(g, gH);
      const dh = whereLive(m, live, all, 0);
      const da = m.mul(dh, slope(m, activation, h));
      const back = emit("matmul", { a: da, b: recurrent }, { transposeA: false, transposeB: true });
      return {
        carry: { gH: whereLive(m, live, back.out, all) },
        y: { da, ...(flow && { dh }) },
      };
    },
    { gH: zeros(emit, [batch, units]) },
    { g: gY, h: after(emit, states, reverse), t: stepNumbers(emit, lengths, steps) },
    !reverse,
  );
  return { gProjected: ys.da, gH0: carry.gH, gH: ys.dh };
}

/** φ'(a) where h = φ(a). */
function slope(m: Arithmetic, activation: Rnn["activation"], h: Value): Value {
  if (activation === "tanh") return m.sub(1, m.unary("square", h));
  return m.where(m.binary("greater", h, 0), m.literal(1), 0);
}
