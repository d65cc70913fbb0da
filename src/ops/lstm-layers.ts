/** LSTM layers that are walked together. A layer's equations are in lstm.ts, what layers share in layers.ts. */
import type { TensorType } from "../tensor/shape.ts";
import { loopBackward } from "./lstm-loop.ts";
import type { Emit, Loop, Op, Value, VjpSite } from "./op.ts";
import {
  initialGradients,
  layer,
  layerGradients,
  topmost,
  topmostGradients,
  walkDown,
  walkUp,
} from "./recurrent-layers.ts";
import {
  checkCount,
  checkLayers,
  checkResiduals,
  checkTopmost,
} from "./recurrent-layers-checks.ts";
import { checkLengths, checkState, checkTape, gatesShape, tapeShape } from "./tapes.ts";
import type { ByInput, ByOutput, Layers } from "./vocabulary.ts";

export const lstmLayers: Op<"lstmLayers"> = {
  inputs: {
    projected: "many",
    recurrent: "many",
    input: "many",
    bias: "many",
    h0: "many",
    c0: "many",
    lengths: "optional",
  },
  outputs: { states: "many", cells: "many", gates: "many" },
  cost: "expensive",
  overwrites: { gates: "projected" },
  gathers: ["h0", "c0"],
  packsOutputs: ["states", "cells", "gates"],

  infer(ins, { reverse }) {
    const op = "lstmLayers";
    const { recurrent, h0, c0, lengths } = ins;
    const extent = checkLayers(op, ins, 4, reverse);
    for (const [name, list] of Object.entries({ h0, c0 })) {
      checkCount(op, name, list, recurrent.length);
      for (const type of list) checkState(op, name, type, extent);
    }
    checkLengths(op, lengths, extent.batch);
    const each = (shape: readonly number[]) =>
      recurrent.map((): TensorType => ({ dtype: "f32", shape }));
    const tape = tapeShape(extent);
    return { states: each(tape), cells: each(tape), gates: each(gatesShape(extent, 4)) };
  },

  vjp(emit, site, loop) {
    const { ins, outs, cotangents, attrs } = site;
    const steps = gradientsThrough(emit, site, loop);
    const tape = { states: outs.states, cotangents: cotangents.states };
    return {
      ...layerGradients(emit, ins, tape, attrs.reverse, steps),
      c0: initialGradients(emit, steps.gC0, cotangents.cells, attrs.reverse),
    };
  },

  composite(emit, ins, { reverse }) {
    const made = walkUp(emit, ins, reverse, (projected, recurrent, l) => {
      const state = { h0: layer(ins.h0, l), c0: layer(ins.c0, l) };
      const own = { projected, recurrent, ...state, lengths: ins.lengths };
      return emit("lstm", own, { reverse: layer(reverse, l), flow: false });
    });
    return {
      states: made.map(({ states }) => states),
      cells: made.map(({ cells }) => cells),
      gates: made.map(({ gates }) => gates),
    };
  },
};

export const lstmLayersGrad: Op<"lstmLayersGrad"> = {
  inputs: {
    recurrent: "many",
    input: "many",
    cells: "many",
    gates: "many",
    gY: "many",
    gCells: "many",
    lengths: "optional",
  },
  outputs: { gProjected: "many", gH0: "many", gC0: "many" },
  cost: "expensive",
  overwrites: { gProjected: "gates" },
  packs: ["gates"],
  gathers: ["gY", "gCells"],
  packsOutputs: ["gH0", "gC0"],

  infer(ins, { reverse }) {
    const op = "lstmLayersGrad";
    const { recurrent, cells, gates, gCells } = ins;
    const extent = checkResiduals(op, ins, { tape: cells, gates: 4, reverse });
    checkCount(op, "gates", gates, recurrent.length);
    for (const type of gates) checkTape(op, "gates", type, gatesShape(extent, 4));
    checkTopmost(op, "gCells", gCells, extent, recurrent.length);
    const { batch, units } = extent;
    const states = recurrent.map((): TensorType => ({ dtype: "f32", shape: [batch, units] }));
    return { gProjected: gates, gH0: states, gC0: states };
  },

  vjp: "throughComposite",
  composite: backwards,
};

function gradientsThrough(
  emit: Emit,
  { ins: { recurrent, input, lengths }, outs, cotangents, attrs }: VjpSite<"lstmLayers">,
  loop: Loop,
): ByOutput<"lstmLayersGrad", Value> {
  const { states, cells, gates } = outs;
  const gY = topmostGradients(emit, states, cotangents.states, attrs.reverse);
  const gCells = topmostGradients(emit, cells, cotangents.cells, attrs.reverse);
  const residuals = { recurrent, input, cells, gates, gY, gCells, lengths };
  // Only the gradient of a gradient asks for the gates' own cotangents; there is no kernel for that.
  return cotangents.gates.some((cotangent) => cotangent !== undefined)
    ? backwards(emit, residuals, attrs, loop, cotangents.gates)
    : emit("lstmLayersGrad", residuals, attrs);
}

/** Layer by layer; gGates are the gates' own cotangents, where they have any. */
function backwards(
  emit: Emit,
  ins: ByInput<"lstmLayersGrad", Value>,
  { reverse }: Layers,
  loop: Loop,
  gGates: readonly (Value | undefined)[] = [],
): ByOutput<"lstmLayersGrad", Value> {
  const { cells, gates, gCells, lengths } = ins;
  const made = walkDown(emit, ins, cells, (gY, recurrent, l) => {
    const tapes = { cells: layer(cells, l), gates: layer(gates, l) };
    const outside = topmost(gCells, l, cells.length);
    const own = { recurrent, ...tapes, gY, gCells: outside, lengths };
    const attrs = { reverse: layer(reverse, l), flow: false };
    return gGates[l]
      ? loopBackward(emit, own, attrs, loop, gGates[l])
      : emit("lstmGrad", own, attrs);
  });
  return {
    gProjected: made.map(({ gProjected }) => gProjected),
    gH0: made.map(({ gH0 }) => gH0),
    gC0: made.map(({ gC0 }) => gC0),
  };
}
