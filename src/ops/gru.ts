/**
 * GRU (Cho et al. 2014) in the form that resets after the product, PyTorch's and cuDNN's. Gates are interleaved,
 * innermost, in PyTorch's order r z n. For every step t of the walk, with h the state before it:
 *
 *   r, z = σ(projected_r + h · R_r, projected_z + h · R_z)
 *   m = h · R_n + bias
 *   n = tanh(projected_n + r ∘ m)
 *   h_t = (1 - z) ∘ n + z ∘ h
 *
 * Backward, from the last step of the walk to the first, with gH what the steps after t send back:
 *
 *   dh = gY_t + gH
 *   da_n = dh ∘ (1 - z) ∘ (1 - n²),  da_z = dh ∘ (h - n) ∘ z(1 - z),  da_r = da_n ∘ m ∘ r(1 - r)
 *   gProjected = da_r, da_z, da_n;  gSums = da_r, da_z, da_n ∘ r;  gH = gSums · Rᵀ + dh ∘ z
 *
 * Rows that have ended keep their state, and the gradient passes through them unchanged.
 */
import type { TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkShape } from "./check.ts";
import { loopBackward, loopForward } from "./gru-loop.ts";
import type { Emit, Op, Value } from "./op.ts";
import {
  after,
  checkGates,
  checkLengths,
  checkRecurrent,
  checkState,
  checkTape,
  extentOf,
  gatesShape,
  recurrentGradient,
  tapeShape,
  withInitial,
  zerosLike,
} from "./tapes.ts";

export const gru: Op<"gru"> = {
  inputs: { projected: "one", recurrent: "one", bias: "one", h0: "one", lengths: "optional" },
  outputs: { states: "one", gates: "one" },
  cost: "expensive",

  infer({ projected, recurrent, bias, h0, lengths }) {
    const extent = checkGates("gru", "projected", projected, 3);
    checkRecurrent("gru", recurrent, extent.units, 3);
    checkDType("gru", "bias", bias, ["f32"]);
    checkShape("gru", "bias", bias, [extent.units], "It is added to h · R in the gate n.");
    checkState("gru", "h0", h0, extent);
    checkLengths("gru", lengths, extent.batch);
    return {
      states: { dtype: "f32", shape: tapeShape(extent) },
      gates: { dtype: "f32", shape: gatesShape(extent, 4) },
    };
  },

  vjp(emit, { ins: { recurrent, lengths }, outs: { states, gates }, cotangents, attrs }, loop) {
    const { reverse } = attrs;
    const gY = after(emit, cotangents.states ?? zerosLike(emit, states), reverse);
    const residuals = { recurrent, states, gates, gY, lengths };
    // Only the gradient of a gradient asks for the gates' own cotangent; there is no kernel for that.
    const { gProjected, gSums, gH0 } = cotangents.gates
      ? loopBackward(emit, residuals, attrs, loop, cotangents.gates)
      : emit("gruGrad", residuals, attrs);
    return {
      projected: gProjected,
      recurrent: recurrentGradient(emit, states, gSums, reverse),
      bias: candidateGradient(emit, gSums),
      h0: withInitial(emit, gH0, cotangents.states, reverse),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  composite: loopForward,
};

/** Gradients of gru's projected, h · R and h0; those of the weights are one product after it. */
export const gruGrad: Op<"gruGrad"> = {
  inputs: { recurrent: "one", states: "one", gates: "one", gY: "one", lengths: "optional" },
  outputs: { gProjected: "one", gSums: "one", gH0: "one", gH: "optional" },
  cost: "expensive",

  infer({ recurrent, states, gates, gY, lengths }, { flow }) {
    const op = "gruGrad";
    const extent = checkGates(op, "gates", gates, 4);
    const { steps, batch, units } = extent;
    checkRecurrent(op, recurrent, units, 3);
    checkTape(op, "states", states, tapeShape(extent));
    checkTape(op, "gY", gY, [steps, batch, units]);
    checkLengths(op, lengths, batch);
    const sums: TensorType = { dtype: "f32", shape: gatesShape(extent, 3) };
    return {
      gProjected: sums,
      gSums: sums,
      gH0: { dtype: "f32", shape: [batch, units] },
      gH: flow ? gY : undefined,
    };
  },

  vjp: "throughComposite",
  composite: loopBackward,
};

/** Σ_t,b of the third gate: all gates' sums ride along with the product for the recurrent weights. */
export function candidateGradient(emit: Emit, gSums: Value): Value {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gSums.type.shape);
  const sums = m.sum(m.reshape(gSums, [steps * batch, units * 3]), [0]);
  return m.reshape(m.slice(m.reshape(sums, [units, 3]), [0, 2], [units, 1]), [units]);
}
