/** The fused update ops, for optimizers: one kernel for all parameters. Inside a compiled step they work in place. */
import { emit } from "../graph/graph.ts";
import type { Attrs } from "../ops/vocabulary.ts";
import type { Tensor, Variable } from "../runtime/tensor.ts";
import { apply, wrap } from "./apply.ts";
import { sum } from "./reduce.ts";

/** Σ x² over all elements of all tensors: the square of their global norm. */
export function sumOfSquares(xs: readonly Tensor[], watched: readonly Tensor[] = []): Tensor {
  return sum(apply("squareSums", { xs, watched }, {}));
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

/** Assigns what SGD with momentum makes of the parameters and of `velocity` (see `packedLength`). */
export function assignSgd(inputs: UpdateInputs, velocity: Variable, attrs: Attrs<"sgd">): void {
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
