/** LSTM layers that are walked together. A layer's equations are in lstm.ts, what layers share in layers.ts. */
import type { TensorType } from "../tensor/shape.ts";
import {
  biasGradient,
  checkCount,
  checkDirections,
  checkLayers,
  checkTopmost,
  gradientBelow,
  layer,
  projectStates,
  stateGradient,
  topmost,
  topmostGradients,
} from "./layers.ts";
import { unrolledBackward } from "./lstm-unrolled.ts";
import type { Emit, Op, Value, VjpSite } from "./op.ts";
import {
  after,
  checkGates,
  checkLengths,
  checkRecurrent,
  checkState,
  checkTape,
  extentOf,
  recurrentGradient,
  tapeShape,
  weightGradient,
  withInitial,
} from "./recurrence.ts";
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
    const { steps, batch, units } = extent;
    const tape: TensorType = { dtype: "f32", shape: tapeShape(extent) };
    const gates: TensorType = { dtype: "f32", shape: [steps, batch, units, 4] };
    const each = (type: TensorType) => recurrent.map(() => type);
    return { states: each(tape), cells: each(tape), gates: each(gates) };
  },

  vjp(emit, site) {
    const { ins, outs, cotangents, attrs } = site;
    const { reverse } = attrs;
    const { gProjected, gH0, gC0 } = gradientsThrough(emit, site);
    const initial = (through: readonly Value[], gTapes: readonly (Value | undefined)[]) =>
      through.map((g, l) => withInitial(emit, g, gTapes[l], layer(reverse, l)));
    return {
      projected: gProjected.slice(0, ins.projected.length),
      recurrent: gProjected.map((g, l) =>
        recurrentGradient(emit, layer(outs.states, l), g, layer(reverse, l)),
      ),
      input: ins.input.map((_, i) =>
        weightGradient(
          emit,
          after(emit, layer(outs.states, i), layer(reverse, i)),
          layer(gProjected, i + 1),
        ),
      ),
      bias: ins.bias.map((_, i) => biasGradient(emit, layer(gProjected, i + 1))),
      h0: initial(gH0, cotangents.states),
      c0: initial(gC0, cotangents.cells),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  composite(emit, ins, { reverse }) {
    const { recurrent, input, bias, lengths } = ins;
    const made: ByOutput<"lstm", Value>[] = [];
    for (const [l, own] of recurrent.entries()) {
      const projected =
        ins.projected[l] ??
        projectStates(emit, layer(made, l - 1).states, {
          input: layer(input, l - 1),
          bias: layer(bias, l - 1),
          reverse: layer(reverse, l),
        });
      const state = { h0: layer(ins.h0, l), c0: layer(ins.c0, l) };
      const attrs = { reverse: layer(reverse, l), flow: false };
      made.push(emit("lstm", { projected, recurrent: own, ...state, lengths }, attrs));
    }
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
  packsOutputs: ["gH0", "gC0"],

  infer({ recurrent, input, cells, gates, gY, gCells, lengths }, { reverse }) {
    const op = "lstmLayersGrad";
    const layers = recurrent.length;
    checkDirections(op, reverse, layers, input.length > 0);
    for (const [name, list] of Object.entries({ cells, gates })) {
      checkCount(op, name, list, layers);
    }
    for (const [name, list] of Object.entries({ gY, gCells })) checkTopmost(op, name, list, layers);
    const extent = checkGates(op, "gates 0", layer(gates, 0), 4);
    const { steps, batch, units } = extent;
    for (const type of [...recurrent, ...input]) checkRecurrent(op, type, units, 4);
    for (const type of cells) checkTape(op, "cells", type, tapeShape(extent));
    for (const type of gates) checkTape(op, "gates", type, [steps, batch, units, 4]);
    for (const type of gY) checkTape(op, "gY", type, [steps, batch, units]);
    for (const type of gCells) checkTape(op, "gCells", type, [steps, batch, units]);
    checkLengths(op, lengths, batch);
    const states = recurrent.map((): TensorType => ({ dtype: "f32", shape: [batch, units] }));
    return { gProjected: gates, gH0: states, gC0: states };
  },

  vjp: "throughComposite",
  composite: (emit, ins, attrs) => backwards(emit, ins, attrs, []),
};

function gradientsThrough(
  emit: Emit,
  { ins: { recurrent, input, lengths }, outs, cotangents, attrs }: VjpSite<"lstmLayers">,
): ByOutput<"lstmLayersGrad", Value> {
  const { states, cells, gates } = outs;
  const gY = topmostGradients(emit, states, cotangents.states, attrs.reverse);
  const gCells = topmostGradients(emit, cells, cotangents.cells, attrs.reverse);
  const residuals = { recurrent, input, cells, gates, gY, gCells, lengths };
  // Only the gradient of a gradient asks for the gates' own cotangents; there is no kernel for that.
  return cotangents.gates.some((cotangent) => cotangent !== undefined)
    ? backwards(emit, residuals, attrs, cotangents.gates)
    : emit("lstmLayersGrad", residuals, attrs);
}

/** Layer by layer, from the topmost down; gGates are the gates' own cotangents, where they have any. */
function backwards(
  emit: Emit,
  { recurrent, input, cells, gates, gY, gCells, lengths }: ByInput<"lstmLayersGrad", Value>,
  { reverse }: Layers,
  gGates: readonly (Value | undefined)[],
): ByOutput<"lstmLayersGrad", Value> {
  const layers = recurrent.length;
  const made: ByOutput<"lstmGrad", Value>[] = [];
  for (let l = layers - 1; l >= 0; l--) {
    const [above] = made;
    const through = above && input[l] && gradientBelow(emit, above.gProjected, layer(input, l));
    const { steps, batch, units } = extentOf(layer(gates, l).type.shape);
    const outside = topmost(gY, l, layers);
    const own = {
      recurrent: layer(recurrent, l),
      cells: layer(cells, l),
      gates: layer(gates, l),
      gY: stateGradient(emit, outside, through, [steps, batch, units]),
      gCells: topmost(gCells, l, layers),
      lengths,
    };
    const attrs = { reverse: layer(reverse, l), flow: false };
    made.unshift(
      gGates[l] ? unrolledBackward(emit, own, attrs, gGates[l]) : emit("lstmGrad", own, attrs),
    );
  }
  return {
    gProjected: made.map(({ gProjected }) => gProjected),
    gH0: made.map(({ gH0 }) => gH0),
    gC0: made.map(({ gC0 }) => gC0),
  };
}
