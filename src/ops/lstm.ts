/**
 * LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000). Gates are interleaved, innermost, in
 * PyTorch's order i f g o. For every step t of the walk, with h and c the state before it:
 *
 *   a = projected_t + h · R
 *   i, f, o = σ(a_i, a_f, a_o),  g = tanh(a_g)
 *   c_t = f ∘ c + i ∘ g
 *   h_t = o ∘ tanh(c_t)
 *
 * Backward, from the last step of the walk to the first, with gH and gC what the steps after t send back:
 *
 *   dh = gY_t + gH,  dc = gCells_t + gC + dh ∘ o ∘ (1 - tanh²(c_t))
 *   da_i = dc ∘ g ∘ i(1 - i),  da_f = dc ∘ c ∘ f(1 - f),  da_g = dc ∘ i ∘ (1 - g²),  da_o = dh ∘ tanh(c_t) ∘ o(1 - o)
 *   gH = da · Rᵀ,  gC = dc ∘ f
 *
 * Rows that have ended keep their state, and the gradient passes through them unchanged.
 */
import type { TensorType } from "../tensor/shape.ts";
import { loopBackward, loopForward } from "./lstm-loop.ts";
import type { Op } from "./op.ts";
import {
  after,
  checkGates,
  checkLengths,
  checkRecurrent,
  checkState,
  checkTape,
  recurrentGradient,
  tapeShape,
  withInitial,
  zerosLike,
} from "./tapes.ts";

export const lstm: Op<"lstm"> = {
  inputs: { projected: "one", recurrent: "one", h0: "one", c0: "one", lengths: "optional" },
  outputs: { states: "one", cells: "one", gates: "one" },
  cost: "expensive",
  overwrites: { gates: "projected" },

  infer({ projected, recurrent, h0, c0, lengths }) {
    const extent = checkGates("lstm", "projected", projected, 4);
    checkRecurrent("lstm", recurrent, extent.units, 4);
    checkState("lstm", "h0", h0, extent);
    checkState("lstm", "c0", c0, extent);
    checkLengths("lstm", lengths, extent.batch);
    const tape: TensorType = { dtype: "f32", shape: tapeShape(extent) };
    return { states: tape, cells: tape, gates: projected };
  },

  vjp(
    emit,
    { ins: { recurrent, lengths }, outs: { states, cells, gates }, cotangents, attrs },
    loop,
  ) {
    const { reverse } = attrs;
    const gY = after(emit, cotangents.states ?? zerosLike(emit, states), reverse);
    const gCells = cotangents.cells && after(emit, cotangents.cells, reverse);
    const residuals = { recurrent, cells, gates, gY, gCells, lengths };
    // Only the gradient of a gradient asks for the gates' own cotangent; there is no kernel for that.
    const { gProjected, gH0, gC0 } = cotangents.gates
      ? loopBackward(emit, residuals, attrs, loop, cotangents.gates)
      : emit("lstmGrad", residuals, attrs);
    return {
      projected: gProjected,
      recurrent: recurrentGradient(emit, states, gProjected, reverse),
      h0: withInitial(emit, gH0, cotangents.states, reverse),
      c0: withInitial(emit, gC0, cotangents.cells, reverse),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  composite: loopForward,
};

/** Gradients of lstm's projected, h0 and c0; those of the recurrent weights are one product after it. */
export const lstmGrad: Op<"lstmGrad"> = {
  inputs: {
    recurrent: "one",
    cells: "one",
    gates: "one",
    gY: "one",
    gCells: "optional",
    lengths: "optional",
  },
  outputs: { gProjected: "one", gH0: "one", gC0: "one", gH: "optional", gC: "optional" },
  cost: "expensive",
  overwrites: { gProjected: "gates" },

  infer({ recurrent, cells, gates, gY, gCells, lengths }, { flow }) {
    const op = "lstmGrad";
    const extent = checkGates(op, "gates", gates, 4);
    const { steps, batch, units } = extent;
    checkRecurrent(op, recurrent, units, 4);
    checkTape(op, "cells", cells, tapeShape(extent));
    checkTape(op, "gY", gY, [steps, batch, units]);
    if (gCells !== undefined) checkTape(op, "gCells", gCells, [steps, batch, units]);
    checkLengths(op, lengths, batch);
    const state: TensorType = { dtype: "f32", shape: [batch, units] };
    const each = flow ? gY : undefined;
    return { gProjected: gates, gH0: state, gC0: state, gH: each, gC: each };
  },

  vjp: "throughComposite",
  composite: loopBackward,
};
