import { callable, check } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { markRegion } from "../graph/region.ts";
import { tensorsIn } from "../runtime/structure.ts";
import { Tensor, Variable } from "../runtime/tensor.ts";
import { describe, sameShape } from "../tensor/shape.ts";
import { checkTensor, checkTensorList, checkVariables } from "./apply.ts";
import { unassigned } from "./assigned-meanwhile.ts";
import { zeros } from "./creation.ts";
import { pull, scalarGradients } from "./pull.ts";

/** Gradients by the variable that they belong to. */
export type Gradients = ReadonlyMap<Variable, Tensor>;

/**
 * The loss that `fn` returns, a scalar, and its gradient for every one of `variables`; zeros for those that the loss
 * does not depend on. What is flat or gives no f32 numbers, such as `argmax`, does not count. Gradients are tensors like
 * any other and can be differentiated again.
 * @throws ShapeError unless the loss is one f32 number; ArgumentError for what are no variables or no function, and for a
 *   variable that `fn` reads and then assigns to
 */
export function valueAndGrad(
  variables: readonly Variable[],
  fn: () => Tensor,
): [loss: Tensor, gradients: Gradients] {
  check("valueAndGrad", "fn", fn, callable);
  checkVariables("valueAndGrad", variables, "variables");
  const loss = unassigned("valueAndGrad", variables, fn);
  return [loss, gradientsFor("valueAndGrad", loss, variables)];
}

/**
 * ∂ loss / ∂ variable for each of `variables`; zeros for those that the loss does not depend on.
 * @throws ShapeError unless the loss is one f32 number; ArgumentError for what are no variables
 */
export function gradientsOf(loss: Tensor, variables: readonly Variable[]): Gradients {
  return gradientsFor("gradientsOf", loss, variables);
}

function gradientsFor(caller: string, loss: Tensor, variables: readonly Variable[]): Gradients {
  const found = scalarGradients(caller, loss, variables);
  return new Map(variables.map((variable, i) => [variable, found[i] ?? zeros(variable.shape)]));
}

/**
 * ∂ fn(...inputs) / ∂ input for each of `inputs`, where fn returns a scalar.
 * @throws ShapeError unless the result is one f32 number; ArgumentError for what is no function, where there are no inputs,
 *   and for those that are no f32 tensors; what fn throws, such as a DTypeError
 */
export function grad(fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Tensor[] {
  check("grad", "fn", fn, callable);
  checkInputs("grad", inputs);
  const output = unassigned("grad", inputs, () => fn(...inputs));
  return scalarGradients("grad", output, inputs);
}

/**
 * ∂ output / ∂ input for each of `inputs`: `output` must be a scalar.
 * @throws ShapeError unless the output is one f32 number; ArgumentError for what are no f32 tensors
 */
export function gradients(output: Tensor, inputs: readonly Tensor[]): Tensor[] {
  return scalarGradients("gradients", output, inputs);
}

/**
 * The result of `fn` and a function that takes a cotangent of the result's shape to the cotangents of `inputs`:
 * Jᵀ·v, where J is the Jacobian of fn.
 * @throws ShapeError for a cotangent of another type than the result; ArgumentError for what is no function, where there
 *   are no inputs, and for those that are no f32 tensors; what fn throws, such as a DTypeError
 */
export function vjp(
  fn: (...inputs: Tensor[]) => Tensor,
  ...inputs: Tensor[]
): [output: Tensor, pullback: (cotangent: Tensor) => Tensor[]] {
  check("vjp", "fn", fn, callable);
  checkInputs("vjp", inputs);
  const output = unassigned("vjp", inputs, () => fn(...inputs));
  // A variable may be assigned to before the pullback is called.
  const read = inputs.map((one) => (one instanceof Variable ? new Tensor(one.value) : one));
  checkTensor("vjp", output, "the result of fn");
  return [
    output,
    (cotangent) => {
      checkTensor("vjp", cotangent, "the cotangent");
      if (!sameShape(cotangent.shape, output.shape) || cotangent.dtype !== output.dtype) {
        throw new ShapeError(
          `vjp: the cotangent must have the output's type; got ${describe(cotangent.type)} for ${describe(output.type)}. Make it ones(y.shape), or cast and reshape it.`,
        );
      }
      return pull("vjp", [{ value: output.value, cotangent: cotangent.value }], read);
    },
  ];
}

/**
 * What `fn` returns, tensors in lists and records: of what it computes on the way nothing is kept for the gradient,
 * which computes it again. Costs the time of one more `fn`, and saves its memory. The same bits either way.
 * Griewank 1992, Chen et al. 2016.
 * @throws ArgumentError for what is no function, and where it gives back something else than tensors
 */
export function checkpoint<R>(fn: () => R): R {
  check("checkpoint", "fn", fn, callable);
  return markRegion(fn, (result) => tensorsIn(result).map(({ value }) => value));
}

function checkInputs(caller: string, inputs: readonly Tensor[]): void {
  checkTensorList(caller, inputs, "inputs");
  if (inputs.length > 0) return;
  throw new ArgumentError(
    `${caller}: there must be inputs to differentiate by; got none. It computes at once: write ${caller}(fn, x).`,
  );
}
