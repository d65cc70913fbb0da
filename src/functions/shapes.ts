/** What is known of tensors without values, for users: of anything else than a shape or type they say so. */
import { check, rule } from "../arguments.ts";
import { checkDTypeName } from "../tensor/dtype.ts";
import {
  checkedShape,
  sizeOf as product,
  type Shape,
  type TensorType,
  describe as text,
} from "../tensor/shape.ts";

/**
 * How many elements a tensor of `shape` has; 1 for [].
 * @throws ShapeError for sizes that are not whole numbers of 0 or more
 */
export function sizeOf(shape: Shape): number {
  return product(checkedShape("sizeOf", shape));
}

/** A tensor has a type's two properties as well. */
const typed = rule("{ dtype, shape }", (value) => typeof value === "object" && value !== null);

/**
 * `f32[32, 28, 28, 1]`, as error messages show a tensor.
 * @throws ArgumentError, DTypeError, ShapeError for what is no type
 */
export function describe(type: TensorType): string {
  check("describe", "what is described", type, typed, "Give a tensor, or its type.");
  const { dtype, shape } = type;
  checkDTypeName("describe", dtype);
  return text({ dtype, shape: checkedShape("describe", shape) });
}
