import type { Tensor } from "../runtime/tensor.ts";
import { apply } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { checkLabels } from "./labels.ts";
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

/** Calls `fn` with `axis` as the last dimension and puts it back. */
function overLast(caller: string, x: Tensor, axis: number, fn: (x: Tensor) => Tensor): Tensor {
  const d = wholeAxis(caller, axis, x);
  const last = x.shape.length - 1;
  if (d === last) return fn(x);
  const swap = x.shape.map((_, i) => (i === d ? last : i === last ? d : i));
  return transpose(fn(transpose(x, swap)), swap);
}
