/** What is known of tensors without values, for users: of anything else than a shape or type they say so. */
import { check, record } from "../arguments.ts";
import { checkDTypeName } from "../tensor/dtype.ts";
import {
  checkedShape,
  sizeOf as product,
  type Shape,
  type TensorType,
  describe as text,
} from "../tensor/shape.ts";

/** How many elements a tensor of `shape` has; 1 for []. */
export function sizeOf(shape: Shape): number {
  return product(checkedShape("sizeOf", shape));
}

/** `f32[32, 28, 28, 1]`, as error messages show a tensor. */
export function describe(type: TensorType): string {
  check("describe", "the type", type, record);
  const { dtype, shape } = type;
  checkDTypeName("describe", dtype);
  return text({ dtype, shape: checkedShape("describe", shape) });
}
