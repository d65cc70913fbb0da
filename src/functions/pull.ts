/** Cotangents as tensors, for the verbs that differentiate. */
import { backward } from "../autodiff/backward.ts";
import type { Seed } from "../autodiff/seed.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkTensor, checkTensorList } from "./apply.ts";
import { ones, zeros } from "./creation.ts";
import { unreached } from "./unreached.ts";

/**
 * ∂ output / ∂ input for each of `inputs`, under the name of the verb that was called.
 * @throws ShapeError unless the output is one f32 number; ArgumentError for what are no tensors
 */
export function scalarGradients(
  caller: string,
  output: Tensor,
  inputs: readonly Tensor[],
): Tensor[] {
  checkTensor(caller, output, "what is differentiated");
  checkTensorList(caller, inputs, "inputs");
  if (output.size !== 1 || output.dtype !== "f32") {
    throw new ShapeError(
      `${caller}: what is differentiated must be one f32 number; got ${describe(output.type)}. Reduce it with sum() or mean(), or use vjp() with a cotangent.`,
    );
  }
  return pull(caller, [{ value: output.value, cotangent: ones(output.shape).value }], inputs);
}

/** The cotangents of `inputs`. @throws ArgumentError for inputs that are not f32 */
export function pull(caller: string, seeds: readonly Seed[], inputs: readonly Tensor[]): Tensor[] {
  const wrong = inputs.find(({ dtype }) => dtype !== "f32");
  if (wrong !== undefined) {
    throw new ArgumentError(
      `${caller}: only f32 tensors have gradients; got ${describe(wrong.type)}. Leave it out of the list.`,
    );
  }
  const found = backward(
    seeds,
    inputs.map(({ value }) => value),
  );
  return inputs.map((input, i) => {
    const cotangent = found[i];
    return cotangent === undefined ? unreached(zeros(input.shape)) : new Tensor(cotangent);
  });
}
