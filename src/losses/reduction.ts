import { checkOptions, oneOf } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { describe, mean, sum, type Tensor } from "../functions.ts";
import { checkTensor } from "../internals.ts";

/** "mean" and "sum" give one number, "none" the loss of every element or row. */
export type Reduction = "mean" | "sum" | "none";

export interface LossOptions {
  /** "mean" where nothing is said. */
  readonly reduction?: Reduction;
}

/** How far a prediction is from its target. What a Trainer takes. */
export type Loss = (prediction: Tensor, target: Tensor) => Tensor;

const REDUCTIONS = { reduction: oneOf("mean", "sum", "none") };

/** What `options` say, checked. */
export function reductionOf(loss: string, options: LossOptions | undefined): Reduction {
  checkOptions(loss, options, REDUCTIONS);
  return options?.reduction ?? "mean";
}

export function reduced(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return losses;
  return reduction === "mean" ? mean(losses) : sum(losses);
}

/** Broadcasting a target is nearly always a mistake, and one that still trains. */
export function checkSameShape(loss: string, prediction: Tensor, target: Tensor): void {
  checkTensor(loss, prediction, "prediction");
  checkTensor(loss, target, "target");
  const { shape } = target;
  const isSame =
    prediction.shape.length === shape.length && prediction.shape.every((n, d) => n === shape[d]);
  if (isSame) return;
  throw new ShapeError(
    `${loss}: prediction and target must have the same shape; got ${describe(prediction.type)} and ${describe(target.type)}. Reshape or squeeze one of them.`,
  );
}
