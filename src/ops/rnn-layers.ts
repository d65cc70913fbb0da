/** Simple recurrent layers that are walked together. A layer's equations are in rnn.ts, what layers share in layers.ts. */
import type { TensorType } from "../tensor/shape.ts";
import type { Op } from "./op.ts";
import { layer, layerGradients, topmostGradients, walkDown, walkUp } from "./recurrent-layers.ts";
import { checkCount, checkLayers, checkResiduals } from "./recurrent-layers-checks.ts";
import { checkLengths, checkState, gatesShape, tapeShape } from "./tapes.ts";

export const rnnLayers: Op<"rnnLayers"> = {
  inputs: {
    projected: "many",
    recurrent: "many",
    input: "many",
    bias: "many",
    h0: "many",
    lengths: "optional",
  },
  outputs: { states: "many" },
  cost: "expensive",
  gathers: ["h0"],
  packsOutputs: ["states"],

  infer(ins, { reverse }) {
    const { recurrent, h0, lengths } = ins;
    const extent = checkLayers("rnnLayers", ins, 1, reverse);
    checkCount("rnnLayers", "h0", h0, recurrent.length);
    for (const type of h0) checkState("rnnLayers", "h0", type, extent);
    checkLengths("rnnLayers", lengths, extent.batch);
    return { states: recurrent.map(() => ({ dtype: "f32", shape: tapeShape(extent) })) };
  },

  vjp(emit, { ins, outs: { states }, cotangents, attrs }) {
    const { recurrent, input, lengths } = ins;
    const { reverse } = attrs;
    const gY = topmostGradients(emit, states, cotangents.states, reverse);
    const steps = emit("rnnLayersGrad", { recurrent, input, states, gY, lengths }, attrs);
    const tape = { states, cotangents: cotangents.states };
    return layerGradients(emit, ins, tape, reverse, steps);
  },

  composite(emit, ins, { reverse, activation }) {
    const made = walkUp(emit, ins, reverse, (projected, recurrent, l) => {
      const own = { projected, recurrent, h0: layer(ins.h0, l), lengths: ins.lengths };
      return emit("rnn", own, { activation, reverse: layer(reverse, l), flow: false });
    });
    return { states: made.map(({ states }) => states) };
  },
};

export const rnnLayersGrad: Op<"rnnLayersGrad"> = {
  inputs: { recurrent: "many", input: "many", states: "many", gY: "many", lengths: "optional" },
  outputs: { gProjected: "many", gH0: "many" },
  cost: "expensive",
  gathers: ["gY"],
  packsOutputs: ["gProjected", "gH0"],

  infer(ins, { reverse }) {
    const own = { tape: ins.states, gates: 1, reverse };
    const extent = checkResiduals("rnnLayersGrad", ins, own);
    const { batch, units } = extent;
    const each = (shape: readonly number[]) =>
      ins.recurrent.map((): TensorType => ({ dtype: "f32", shape }));
    return { gProjected: each(gatesShape(extent, 1)), gH0: each([batch, units]) };
  },

  vjp: "throughComposite",

  composite(emit, ins, { reverse, activation }) {
    const made = walkDown(emit, ins, ins.states, (gY, recurrent, l) => {
      const own = { recurrent, states: layer(ins.states, l), gY, lengths: ins.lengths };
      return emit("rnnGrad", own, { activation, reverse: layer(reverse, l), flow: false });
    });
    return {
      gProjected: made.map(({ gProjected }) => gProjected),
      gH0: made.map(({ gH0 }) => gH0),
    };
  },
};
