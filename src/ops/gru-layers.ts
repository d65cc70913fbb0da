/** GRU layers that are walked together. A layer's equations are in gru.ts, what layers share in layers.ts. */
import type { TensorType } from "../tensor/shape.ts";
import { checkDType, checkShape } from "./check.ts";
import { candidateGradient } from "./gru.ts";
import { loopBackward } from "./gru-loop.ts";
import type { Emit, Loop, Op, Value, VjpSite } from "./op.ts";
import { layer, layerGradients, topmostGradients, walkDown, walkUp } from "./recurrent-layers.ts";
import { checkCount, checkLayers, checkResiduals } from "./recurrent-layers-checks.ts";
import { checkLengths, checkState, checkTape, gatesShape, tapeShape } from "./tapes.ts";
import type { ByInput, ByOutput, Layers } from "./vocabulary.ts";

export const gruLayers: Op<"gruLayers"> = {
  inputs: {
    projected: "many",
    recurrent: "many",
    input: "many",
    bias: "many",
    candidateBias: "many",
    h0: "many",
    lengths: "optional",
  },
  outputs: { states: "many", gates: "many" },
  cost: "expensive",
  gathers: ["h0"],
  packsOutputs: ["states", "gates"],

  infer(ins, { reverse }) {
    const op = "gruLayers";
    const { recurrent, candidateBias, h0, lengths } = ins;
    const extent = checkLayers(op, ins, 3, reverse);
    for (const [name, list] of Object.entries({ candidateBias, h0 })) {
      checkCount(op, name, list, recurrent.length);
    }
    for (const type of candidateBias) {
      checkDType(op, "candidateBias", type, ["f32"]);
      checkShape(op, "candidateBias", type, [extent.units], "It is added to h · R in the gate n.");
    }
    for (const type of h0) checkState(op, "h0", type, extent);
    checkLengths(op, lengths, extent.batch);
    const each = (shape: readonly number[]) =>
      recurrent.map((): TensorType => ({ dtype: "f32", shape }));
    return { states: each(tapeShape(extent)), gates: each(gatesShape(extent, 4)) };
  },

  vjp(emit, site, loop) {
    const { ins, outs, cotangents, attrs } = site;
    const steps = gradientsThrough(emit, site, loop);
    const tape = { states: outs.states, cotangents: cotangents.states };
    return {
      ...layerGradients(emit, ins, tape, attrs.reverse, steps),
      candidateBias: steps.gSums.map((g) => candidateGradient(emit, g)),
    };
  },

  composite(emit, ins, { reverse }) {
    const made = walkUp(emit, ins, reverse, (projected, recurrent, l) => {
      const state = { bias: layer(ins.candidateBias, l), h0: layer(ins.h0, l) };
      const own = { projected, recurrent, ...state, lengths: ins.lengths };
      return emit("gru", own, { reverse: layer(reverse, l), flow: false });
    });
    return { states: made.map(({ states }) => states), gates: made.map(({ gates }) => gates) };
  },
};

export const gruLayersGrad: Op<"gruLayersGrad"> = {
  inputs: {
    recurrent: "many",
    input: "many",
    states: "many",
    gates: "many",
    gY: "many",
    lengths: "optional",
  },
  outputs: { gProjected: "many", gSums: "many", gH0: "many" },
  cost: "expensive",
  gathers: ["gY"],
  packsOutputs: ["gProjected", "gSums", "gH0"],

  infer(ins, { reverse }) {
    const op = "gruLayersGrad";
    const { recurrent, states, gates } = ins;
    const extent = checkResiduals(op, ins, { tape: states, gates: 3, reverse });
    checkCount(op, "gates", gates, recurrent.length);
    for (const type of gates) checkTape(op, "gates", type, gatesShape(extent, 4));
    const { batch, units } = extent;
    const each = (shape: readonly number[]) =>
      recurrent.map((): TensorType => ({ dtype: "f32", shape }));
    const sums = each(gatesShape(extent, 3));
    return { gProjected: sums, gSums: sums, gH0: each([batch, units]) };
  },

  vjp: "throughComposite",
  composite: backwards,
};

function gradientsThrough(
  emit: Emit,
  { ins: { recurrent, input, lengths }, outs, cotangents, attrs }: VjpSite<"gruLayers">,
  loop: Loop,
): ByOutput<"gruLayersGrad", Value> {
  const { states, gates } = outs;
  const gY = topmostGradients(emit, states, cotangents.states, attrs.reverse);
  const residuals = { recurrent, input, states, gates, gY, lengths };
  // Only the gradient of a gradient asks for the gates' own cotangents; there is no kernel for that.
  return cotangents.gates.some((cotangent) => cotangent !== undefined)
    ? backwards(emit, residuals, attrs, loop, cotangents.gates)
    : emit("gruLayersGrad", residuals, attrs);
}

/** Layer by layer; gGates are the gates' own cotangents, where they have any. */
function backwards(
  emit: Emit,
  ins: ByInput<"gruLayersGrad", Value>,
  { reverse }: Layers,
  loop: Loop,
  gGates: readonly (Value | undefined)[] = [],
): ByOutput<"gruLayersGrad", Value> {
  const { states, gates, lengths } = ins;
  const made = walkDown(emit, ins, states, (gY, recurrent, l) => {
    const own = { recurrent, states: layer(states, l), gates: layer(gates, l), gY, lengths };
    const attrs = { reverse: layer(reverse, l), flow: false };
    return gGates[l]
      ? loopBackward(emit, own, attrs, loop, gGates[l])
      : emit("gruGrad", own, attrs);
  });
  return {
    gProjected: made.map(({ gProjected }) => gProjected),
    gSums: made.map(({ gSums }) => gSums),
    gH0: made.map(({ gH0 }) => gH0),
  };
}
