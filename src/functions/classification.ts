import { ShapeError } from "../errors.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sameShape } from "../tensor/shape.ts";
import { apply, checkTensor } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { reshape, transpose } from "./movement.ts";

/** exp(x) / Σ exp(x) over `axis`, the last one where nothing is said. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return overLast("softmax", x, axis, (last) => apply("softmax", { x: last }, {}));
}

/** log(softmax(x)), without losing small probabilities. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return overLast("logSoftmax", x, axis, (last) => apply("logSoftmax", { x: last }, {}));
}

/**
 * −log softmax(logits)[label] for every row. logits f32[..., C], labels i32[...] → f32[...].
 * A negative label ignores its row: its loss is 0 and so is its gradient. A label of C and more, which is a mistake that
 * a device cannot throw, makes both NaN.
 */
export function crossEntropyLoss(logits: Tensor, labels: Tensor): Tensor {
  checkLabels("crossEntropy", logits, labels);
  const classes = logits.shape.at(-1) ?? 1;
  const rows = apply(
    "crossEntropy",
    { logits: reshape(logits, [-1, classes]), labels: reshape(labels, [-1]) },
    {},
  );
  return reshape(rows, labels.shape);
}

/** Labels [...] for logits [..., C]: in another shape they would be paired in another order. */
export function checkLabels(caller: string, logits: Tensor, labels: Tensor): void {
  checkTensor(caller, logits, "logits");
  checkTensor(caller, labels, "labels");
  const got = `logits ${describe(logits.type)}, labels ${describe(labels.type)}`;
  const isOneHot = sameShape(labels.shape, logits.shape);
  if (!isOneHot && sameShape(labels.shape, logits.shape.slice(0, -1))) return;
  const remedy = isOneHot
    ? "Of one-hot rows take argmax(labels); for probabilities as targets write mean(neg(sum(mul(labels, logSoftmax(logits)), { axis: -1 })))."
    : "Transpose or reshape one of them, so that every row of logits has its label.";
  throw new ShapeError(
    `${caller}: labels must have the shape of logits without the last dimension, the classes; got ${got}. ${remedy}`,
  );
}

/**
 * Rows of `table` [V, D] for `ids` i32[...] → [..., D]. An id below 0 is padding and reads zeros, as
 * `data.padSequences` leaves it behind a sequence; one from V on, which is a mistake, reads NaN.
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return apply("embedding", { table, ids }, {});
}

/** Calls `fn` with `axis` as the last dimension and puts it back. */
function overLast(caller: string, x: Tensor, axis: number, fn: (x: Tensor) => Tensor): Tensor {
  const d = wholeAxis(caller, axis, x);
  const last = x.shape.length - 1;
  if (d === last) return fn(x);
  const swap = x.shape.map((_, i) => (i === d ? last : i === last ? d : i));
  return transpose(fn(transpose(x, swap)), swap);
}
