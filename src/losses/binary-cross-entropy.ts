import { add, cast, mul, neg, softplus, sub, type Tensor } from "../functions.ts";
import { checkSameShape, type LossOptions, reduced, reductionOf } from "./reduction.ts";

/**
 * −t · log σ(x) − (1 − t) · log(1 − σ(x)) for logits x and targets t in [0, 1], of one shape; t may be bool.
 * Written as t · softplus(−x) + (1 − t) · softplus(x): no overflow, nothing cancels, and the gradient is σ(x) − t
 * everywhere, at 0 as well.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor {
  const reduction = reductionOf("binaryCrossEntropyWithLogits", options);
  checkSameShape("binaryCrossEntropyWithLogits", logits, targets);
  const t = targets.dtype === "f32" ? targets : cast(targets, "f32");
  const missed = mul(t, softplus(neg(logits)));
  const falseAlarm = mul(sub(1, t), softplus(logits));
  return reduced(add(missed, falseAlarm), reduction);
}
