/** GRU layers that are walked together. A layer's equations are in gru.ts, what layers share in layers.ts. */
import type { TensorType } from "../tensor/shape.ts";
import { checkDType, checkShape } from "./check.ts";
import { candidateGradient } from "./gru.ts";
import { unrolledBackward } from "./gru-unrolled.ts";
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
import type { Emit, Op, Value, VjpSite } from "./op.ts";
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
  weightGradient,
  withInitial,
} from "./recurrence.ts";
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
    const tape: TensorType = { dtype: "f32", shape: tapeShape(extent) };
    const gates: TensorType = { dtype: "f32", shape: gatesShape(extent, 4) };
    return { states: recurrent.map(() => tape), gates: recurrent.map(() => gates) };
  },

  vjp(emit, site) {
    const { ins, outs, cotangents, attrs } = site;
    const reverse = (l: number) => layer(attrs.reverse, l);
    const { gProjected, gSums, gH0 } = gradientsThrough(emit, site);
    return {
      projected: gProjected.slice(0, ins.projected.length),
      recurrent: gSums.map((g, l) => recurrentGradient(emit, layer(outs.states, l), g, reverse(l))),
      input: ins.input.map((_, below) =>
        weightGradient(
          emit,
          after(emit, layer(outs.states, below), reverse(below)),
          layer(gProjected, below + 1),
        ),
      ),
      bias: ins.bias.map((_, below) => biasGradient(emit, layer(gProjected, below + 1))),
      candidateBias: gSums.map((g) => candidateGradient(emit, g)),
      h0: gH0.map((g, l) => withInitial(emit, g, cotangents.states[l], reverse(l))),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  composite(emit, ins, { reverse }) {
    const made: ByOutput<"gru", Value>[] = [];
    for (const [l, recurrent] of ins.recurrent.entries()) {
      const own = {
        projected:
          ins.projected[l] ??
          projectStates(emit, layer(made, l - 1).states, {
            input: layer(ins.input, l - 1),
            bias: layer(ins.bias, l - 1),
            reverse: layer(reverse, l),
          }),
        recurrent,
        bias: layer(ins.candidateBias, l),
        h0: layer(ins.h0, l),
        lengths: ins.lengths,
      };
      made.push(emit("gru", own, { reverse: layer(reverse, l), flow: false }));
    }
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
  packsOutputs: ["gProjected", "gSums", "gH0"],

  infer({ recurrent, input, states, gates, gY, lengths }, { reverse }) {
    const op = "gruLayersGrad";
    const layers = recurrent.length;
    checkDirections(op, reverse, layers, input.length > 0);
    checkCount(op, "states", states, layers);
    checkCount(op, "gates", gates, layers);
    checkTopmost(op, "gY", gY, layers);
    const extent = checkGates(op, "gates 0", layer(gates, 0), 4);
    const { steps, batch, units } = extent;
    for (const type of [...recurrent, ...input]) checkRecurrent(op, type, units, 3);
    for (const type of states) checkTape(op, "states", type, tapeShape(extent));
    for (const type of gates) checkTape(op, "gates", type, gatesShape(extent, 4));
    for (const type of gY) checkTape(op, "gY", type, [steps, batch, units]);
    checkLengths(op, lengths, batch);
    const sums = recurrent.map((): TensorType => ({ dtype: "f32", shape: gatesShape(extent, 3) }));
    const gH0 = recurrent.map((): TensorType => ({ dtype: "f32", shape: [batch, units] }));
    return { gProjected: sums, gSums: sums, gH0 };
  },

  vjp: "throughComposite",
  composite: (emit, ins, attrs) => backwards(emit, ins, attrs, []),
};

function gradientsThrough(
  emit: Emit,
  { ins: { recurrent, input, lengths }, outs, cotangents, attrs }: VjpSite<"gruLayers">,
): ByOutput<"gruLayersGrad", Value> {
  const { states, gates } = outs;
  const gY = topmostGradients(emit, states, cotangents.states, attrs.reverse);
  const residuals = { recurrent, input, states, gates, gY, lengths };
  // Only the gradient of a gradient asks for the gates' own cotangents; there is no kernel for that.
  return cotangents.gates.some((cotangent) => cotangent !== undefined)
    ? backwards(emit, residuals, attrs, cotangents.gates)
    : emit("gruLayersGrad", residuals, attrs);
}

/** Layer by layer, from the topmost down; gGates are the gates' own cotangents, where they have any. */
function backwards(
  emit: Emit,
  { recurrent, input, states, gates, gY, lengths }: ByInput<"gruLayersGrad", Value>,
  { reverse }: Layers,
  gGates: readonly (Value | undefined)[],
): ByOutput<"gruLayersGrad", Value> {
  const layers = recurrent.length;
  const made: ByOutput<"gruGrad", Value>[] = [];
  for (let l = layers - 1; l >= 0; l--) {
    const [above] = made;
    const through = above && input[l] && gradientBelow(emit, above.gProjected, layer(input, l));
    const { steps, batch, units } = extentOf(layer(gates, l).type.shape);
    const own = {
      recurrent: layer(recurrent, l),
      states: layer(states, l),
      gates: layer(gates, l),
      gY: stateGradient(emit, topmost(gY, l, layers), through, [steps, batch, units]),
      lengths,
    };
    const attrs = { reverse: layer(reverse, l), flow: false };
    made.unshift(
      gGates[l] ? unrolledBackward(emit, own, attrs, gGates[l]) : emit("gruGrad", own, attrs),
    );
  }
  return {
    gProjected: made.map(({ gProjected }) => gProjected),
    gSums: made.map(({ gSums }) => gSums),
    gH0: made.map(({ gH0 }) => gH0),
  };
}
