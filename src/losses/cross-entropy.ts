import {
  cast,
  crossEntropyLoss,
  div,
  greaterEqual,
  maximum,
  sum,
  type Tensor,
} from "../functions.ts";
import { type LossOptions, reductionOf } from "./reduction.ts";

/**
 * −log softmax(logits)[label]. logits: f32[..., C], labels: i32[...], the shape of logits without its last
 * dimension → a number, or f32[...] with reduction "none".
 * Rows with a negative label count for nothing: "mean" is over the others, and 0 where there are none.
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: LossOptions = {}): Tensor {
  const reduction = reductionOf("crossEntropy", options);
  const rows = crossEntropyLoss(logits, labels);
  if (reduction === "none") return rows;
  return reduction === "sum" ? sum(rows) : div(sum(rows), countedRows(labels));
}

/** How many labels are not negative, and 1 where none is: a number to divide by. */
export function countedRows(labels: Tensor): Tensor {
  return maximum(sum(cast(greaterEqual(labels, 0), "f32")), 1);
}
