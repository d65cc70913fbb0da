/** Simple recurrent layers that are walked together. A layer's equations are in rnn.ts, what layers share in layers.ts. */
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
import type { Emit, Op, Value } from "./op.ts";
import {
  after,
  checkLengths,
  checkRecurrent,
  checkState,
  checkTape,
  type Extent,
  extentOf,
  gatesShape,
  recurrentGradient,
  tapeShape,
  weightGradient,
  withInitial,
} from "./recurrence.ts";
import type { ByInput, ByOutput, RnnLayers } from "./vocabulary.ts";

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
  packsOutputs: ["states"],

  infer(ins, { reverse }) {
    const op = "rnnLayers";
    const { recurrent, h0, lengths } = ins;
    const extent = checkLayers(op, ins, 1, reverse);
    checkCount(op, "h0", h0, recurrent.length);
    for (const type of h0) checkState(op, "h0", type, extent);
    checkLengths(op, lengths, extent.batch);
    return { states: recurrent.map(() => ({ dtype: "f32", shape: tapeShape(extent) })) };
  },

  vjp(emit, { ins, outs: { states }, cotangents, attrs }) {
    const { recurrent, input, lengths } = ins;
    const reverse = (l: number) => layer(attrs.reverse, l);
    const gY = topmostGradients(emit, states, cotangents.states, attrs.reverse);
    const residuals = { recurrent, input, states, gY, lengths };
    const { gProjected, gH0 } = emit("rnnLayersGrad", residuals, attrs);
    return {
      projected: gProjected.slice(0, ins.projected.length),
      recurrent: gProjected.map((g, l) => recurrentGradient(emit, layer(states, l), g, reverse(l))),
      input: input.map((_, below) =>
        weightGradient(
          emit,
          after(emit, layer(states, below), reverse(below)),
          layer(gProjected, below + 1),
        ),
      ),
      bias: ins.bias.map((_, below) => biasGradient(emit, layer(gProjected, below + 1))),
      h0: gH0.map((g, l) => withInitial(emit, g, cotangents.states[l], reverse(l))),
      lengths: { notDifferentiable: "lengths are whole numbers" },
    };
  },

  composite(emit, ins, { reverse, activation }) {
    const states: Value[] = [];
    for (const [l, recurrent] of ins.recurrent.entries()) {
      const projected =
        ins.projected[l] ??
        projectStates(emit, layer(states, l - 1), {
          input: layer(ins.input, l - 1),
          bias: layer(ins.bias, l - 1),
          reverse: layer(reverse, l),
        });
      const own = { projected, recurrent, h0: layer(ins.h0, l), lengths: ins.lengths };
      states.push(emit("rnn", own, { activation, reverse: layer(reverse, l), flow: false }).states);
    }
    return { states };
  },
};

export const rnnLayersGrad: Op<"rnnLayersGrad"> = {
  inputs: { recurrent: "many", input: "many", states: "many", gY: "many", lengths: "optional" },
  outputs: { gProjected: "many", gH0: "many" },
  cost: "expensive",
  packsOutputs: ["gProjected", "gH0"],

  infer({ recurrent, input, states, gY, lengths }, { reverse }) {
    const op = "rnnLayersGrad";
    const layers = recurrent.length;
    checkDirections(op, reverse, layers, input.length > 0);
    checkCount(op, "states", states, layers);
    checkTopmost(op, "gY", gY, layers);
    const extent = extentOfTape(layer(states, 0));
    const { steps, batch, units } = extent;
    for (const type of [...recurrent, ...input]) checkRecurrent(op, type, units, 1);
    for (const type of states) checkTape(op, "states", type, tapeShape(extent));
    for (const type of gY) checkTape(op, "gY", type, [steps, batch, units]);
    checkLengths(op, lengths, batch);
    const each = recurrent.map((): TensorType => ({ dtype: "f32", shape: gatesShape(extent, 1) }));
    const gH0 = recurrent.map((): TensorType => ({ dtype: "f32", shape: [batch, units] }));
    return { gProjected: each, gH0 };
  },

  vjp: "throughComposite",
  composite: backwards,
};

/** Layer by layer, from the topmost down. */
function backwards(
  emit: Emit,
  { recurrent, input, states, gY, lengths }: ByInput<"rnnLayersGrad", Value>,
  { reverse, activation }: RnnLayers,
): ByOutput<"rnnLayersGrad", Value> {
  const layers = recurrent.length;
  const made: ByOutput<"rnnGrad", Value>[] = [];
  for (let l = layers - 1; l >= 0; l--) {
    const [above] = made;
    const through = above && input[l] && gradientBelow(emit, above.gProjected, layer(input, l));
    const { steps, batch, units } = extentOfTape(layer(states, l).type);
    const own = {
      recurrent: layer(recurrent, l),
      states: layer(states, l),
      gY: stateGradient(emit, topmost(gY, l, layers), through, [steps, batch, units]),
      lengths,
    };
    made.unshift(emit("rnnGrad", own, { activation, reverse: layer(reverse, l), flow: false }));
  }
  return {
    gProjected: made.map(({ gProjected }) => gProjected),
    gH0: made.map(({ gH0 }) => gH0),
  };
}

function extentOfTape({ shape }: TensorType): Extent {
  const { steps, ...rest } = extentOf(shape);
  return { ...rest, steps: steps - 1 };
}
