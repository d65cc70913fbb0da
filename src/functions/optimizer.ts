/** The fused update ops, for optimizers: one kernel for all parameters. Inside a compiled step they work in place. */
import { check, isRecord, list, record, rule } from "../arguments.ts";
import { emit } from "../graph/graph.ts";
import { packedOffsets as offsetsOf } from "../ops/packed.ts";
import type { Attrs } from "../ops/vocabulary.ts";
import { packVariables as pack } from "../runtime/pack.ts";
import type { Tensor, Variable } from "../runtime/tensor.ts";
import { checkedShape, type Shape } from "../tensor/shape.ts";
import { apply, checkTensor, checkTensorList, checkVariables, wrap } from "./apply.ts";

/** Moves variables side by side into one block, so that one kernel can reach them all. */
export function packVariables(variables: readonly Variable[]): void {
  checkVariables("packVariables", variables, "variables");
  pack(variables);
}

/** Where each of `shapes` starts in a packed buffer, in elements, and how many elements it has in all. */
export function packedOffsets(shapes: readonly Shape[]): { offsets: number[]; length: number } {
  check("packedOffsets", "shapes", shapes, list);
  return offsetsOf(shapes.map((shape) => checkedShape("packedOffsets", shape)));
}

/** Σ x² over all elements of all tensors: the square of their global norm. */
export function sumOfSquares(xs: readonly Tensor[], watched: readonly Tensor[] = []): Tensor {
  return apply("sumOfSquares", { xs, watched }, {});
}

/** What every update takes, as data: numbers on the device that may differ at every step. */
export interface UpdateInputs {
  readonly parameters: readonly Variable[];
  readonly gradients: readonly Tensor[];
  readonly learningRate: Tensor;
  /** Multiplies every gradient. */
  readonly scale: Tensor;
  /** 0 leaves everything as it is. */
  readonly apply: Tensor;
}

const graphOf = ({ value }: Tensor) => value;

const settings = rule(
  "a record of numbers and flags",
  (value) =>
    isRecord(value) && Object.values(value).every((one) => /number|boolean/.test(typeof one)),
);

function checkInputs(
  caller: string,
  inputs: UpdateInputs,
  state: Readonly<Record<string, Tensor>>,
) {
  check(caller, "inputs", inputs, record);
  const { parameters, gradients, learningRate, scale, apply } = inputs;
  checkVariables(caller, parameters);
  checkTensorList(caller, gradients, "gradients");
  for (const [name, x] of Object.entries({ ...state, learningRate, scale, apply }))
    checkTensor(caller, x, name);
}

/** Assigns what SGD with momentum makes of the parameters and of `velocity` (see `packedLength`). */
export function assignSgd(inputs: UpdateInputs, velocity: Variable, attrs: Attrs<"sgd">): void {
  checkInputs("assignSgd", inputs, { velocity });
  check("assignSgd", "what it is told", attrs, settings);
  const outs = emit(
    "sgd",
    {
      parameters: inputs.parameters.map(graphOf),
      gradients: inputs.gradients.map(graphOf),
      velocity: velocity.value,
      learningRate: inputs.learningRate.value,
      scale: inputs.scale.value,
      apply: inputs.apply.value,
    },
    attrs,
  );
  inputs.parameters.forEach((parameter, i) => {
    const next = outs.parameters[i];
    if (next !== undefined) parameter.assign(wrap(next));
  });
  velocity.assign(wrap(outs.velocity));
}

/** Assigns what Adam makes of the parameters and of its moments m and v; `step` counts from 1. */
export function assignAdam(
  inputs: UpdateInputs,
  state: { readonly m: Variable; readonly v: Variable; readonly step: Tensor },
  attrs: Attrs<"adam">,
): void {
  checkInputs("assignAdam", inputs, { m: state?.m, v: state?.v, step: state?.step });
  check("assignAdam", "what it is told", attrs, settings);
  const outs = emit(
    "adam",
    {
      parameters: inputs.parameters.map(graphOf),
      gradients: inputs.gradients.map(graphOf),
      m: state.m.value,
      v: state.v.value,
      learningRate: inputs.learningRate.value,
      step: state.step.value,
      scale: inputs.scale.value,
      apply: inputs.apply.value,
    },
    attrs,
  );
  inputs.parameters.forEach((parameter, i) => {
    const next = outs.parameters[i];
    if (next !== undefined) parameter.assign(wrap(next));
  });
  state.m.assign(wrap(outs.m));
  state.v.assign(wrap(outs.v));
}
