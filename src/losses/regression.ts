import { abs, square, sub, type Tensor } from "../functions.ts";
import { checkSameShape, type LossOptions, reduced, reductionOf } from "./reduction.ts";

/** (prediction − target)². Both f32 of one shape. */
export function meanSquaredError(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  const reduction = reductionOf("meanSquaredError", options);
  checkSameShape("meanSquaredError", prediction, target);
  return reduced(square(sub(prediction, target)), reduction);
}

/** |prediction − target|; its gradient is 0 where they are equal. Both f32 of one shape. */
export function meanAbsoluteError(
  prediction: Tensor,
  target: Tensor,
  options: LossOptions = {},
): Tensor {
  const reduction = reductionOf("meanAbsoluteError", options);
  checkSameShape("meanAbsoluteError", prediction, target);
  return reduced(abs(sub(prediction, target)), reduction);
}
