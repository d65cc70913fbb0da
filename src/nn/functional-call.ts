import { check, nearestOf, record, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { describe, type Tensor } from "../functions.ts";
import { checkDType, checkTensor, whileStandingIn } from "../internals.ts";
import { checkModule } from "./define.ts";
import type { AnyModule, Module, Tensors } from "./module.ts";

/**
 * model(x) with tensors in the place of parameters, by the paths that `namedParameters()` has, and in the shapes of its
 * variables; parameters that are not named are the model's own, and so are buffers. Gradients flow into the tensors, and
 * through what they are made of: a step of training can be differentiated (Finn, Abbeel & Levine 2017), and weights can be
 * what another model gives. As torch.func.functional_call.
 * @throws ArgumentError for what is no module, for names that are no parameters of it, and where its forward assigns to a
 *   parameter that is named; ShapeError, DTypeError for tensors of another type; whatever the model throws
 */
export function functionalCall<X extends Tensors = Tensor, Y extends Tensors = Tensor>(
  model: Module<X, Y>,
  parameters: Readonly<Record<string, Tensor>>,
  x: X,
): Y {
  checkModule("functionalCall", "the model", model);
  check("functionalCall", "the parameters", parameters, record);
  const named = model.namedParameters();
  const others = Object.entries(parameters).map(([name, tensor]) => {
    const variable = named.get(name) ?? unknownName(model, name);
    checkTensor("functionalCall", tensor, `the tensor for ${name}`);
    checkDType("functionalCall", name, tensor, ["f32"]);
    if (tensor.shape.join() !== variable.shape.join()) {
      throw new ShapeError(
        `functionalCall: what stands in for a parameter must have its shape; got ${describe(tensor.type)} for ${name} ${describe(variable.type)}. Shapes are those of namedParameters(), not of a state dict.`,
      );
    }
    return [variable.cell, tensor.value] as const;
  });
  return whileStandingIn(new Map(others), () => model(x));
}

function unknownName(model: AnyModule, name: string): never {
  const known = [...model.namedParameters().keys()];
  const nearest = nearestOf(name, known);
  throw new ArgumentError(
    `functionalCall: names must be those of parameters; got ${shown(name)} for ${known.join(", ").slice(0, 400) || "none"}. ${nearest === undefined ? "Leave it out." : `Did you mean ${shown(nearest)}?`}`,
  );
}
