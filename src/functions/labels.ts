import { ShapeError } from "../errors.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sameShape } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";
import { argmax } from "./reduce.ts";

/** Labels i32[...] for logits [..., C]: as they are, or of probabilities f32[..., C] the likeliest class. */
export function labelsOf(caller: string, logits: Tensor, targets: Tensor): Tensor {
  checkTensor(caller, logits, "logits");
  checkTensor(caller, targets, "targets");
  if (targets.dtype === "f32" && sameShape(targets.shape, logits.shape) && targets.shape.length > 0)
    return argmax(targets);
  checkLabels(caller, logits, targets);
  return targets;
}

/** Labels [...] for logits [..., C]: in another shape they would be paired in another order. */
export function checkLabels(caller: string, logits: Tensor, labels: Tensor): void {
  checkTensor(caller, logits, "logits");
  checkTensor(caller, labels, "labels");
  const got = `logits ${describe(logits.type)}, labels ${describe(labels.type)}`;
  const isOneHot = sameShape(labels.shape, logits.shape);
  if (!isOneHot && sameShape(labels.shape, logits.shape.slice(0, -1))) return;
  const remedy = isOneHot
    ? "Of one-hot rows take argmax(labels); probabilities, as f32, are targets of losses.crossEntropy."
    : "Transpose or reshape one of them, so that every row of logits has its label.";
  throw new ShapeError(
    `${caller}: labels must have the shape of logits without the last dimension, the classes; got ${got}. ${remedy}`,
  );
}
