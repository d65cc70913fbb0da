import { argmax, cast, div, equal, greaterEqual, maximum, sum, type Tensor } from "../functions.ts";
import { labelsOf } from "../internals.ts";

/**
 * The share of rows whose largest logit is at the label; rows with a negative label are left out. logits f32[..., C],
 * labels i32[...] → f32[]. Of targets that are probabilities, f32[..., C], the likeliest class is the label.
 * @throws ShapeError where there is not one label a row; DTypeError unless logits are f32 and labels i32; ArgumentError
 *   for what is no tensor
 */
export function accuracy(logits: Tensor, targets: Tensor): Tensor {
  const labels = labelsOf("accuracy", logits, targets);
  // No argmax is negative, so such rows are never hits.
  const hits = sum(cast(equal(argmax(logits), labels), "f32"));
  return div(hits, countedRows(labels));
}

/** How many labels are not negative, and 1 where none is: a number to divide by. */
function countedRows(labels: Tensor): Tensor {
  return maximum(sum(cast(greaterEqual(labels, 0), "f32")), 1);
}
