import { anything, checkOptions, oneOf, type Rule } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import {
  broadcastTo,
  type DType,
  describe,
  div,
  greater,
  mean,
  mul,
  type Shape,
  sum,
  type Tensor,
  where,
} from "../functions.ts";
import { checkDType, checkElements, checkTensor } from "../internals.ts";

/** "mean" and "sum" give one number, "none" the loss of every element or row. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss can be told. */
export interface LossOptions {
  /** "mean" where nothing is said. */
  readonly reduction?: Reduction;
  /**
   * f32 that broadcasts to the shape of the losses: how much each counts. "mean" is then Σ w·loss / Σ w, and 0 where Σ w
   * is; that of PyTorch's binary losses with a `weight` is Σ w·loss over the number of elements.
   */
  readonly weights?: Tensor;
}

/** How far a prediction is from its target. What a Trainer takes. */
export type Loss = (prediction: Tensor, target: Tensor) => Tensor;

const RULES = { reduction: oneOf("mean", "sum", "none"), weights: anything };

/** @throws ArgumentError for what is no option of the loss */
export function checkLossOptions(
  loss: string,
  options: object | undefined,
  own: Readonly<Record<string, Rule>> = {},
): void {
  checkOptions<Partial<Record<string, unknown>>>(loss, options, { ...RULES, ...own });
}

/** `losses` as the options say. @throws ShapeError for weights that do not broadcast to them */
export function reduced(loss: string, losses: Tensor, options: LossOptions | undefined): Tensor {
  const { reduction = "mean", weights } = options ?? {};
  if (weights === undefined) {
    if (reduction === "none") return losses;
    if (reduction === "sum") return sum(losses);
    checkElements(loss, losses, [...losses.shape.keys()]);
    return mean(losses);
  }
  const given = weightsFor(loss, weights, losses.shape);
  const weighted = mul(losses, given);
  if (reduction === "none") return weighted;
  return reduction === "mean" ? over(sum(weighted), sum(given)) : sum(weighted);
}

/** total / count, and 0 where the count is 0, in the gradient too. */
export function over(total: Tensor, count: Tensor): Tensor {
  const isAny = greater(count, 0);
  return where(isAny, div(total, where(isAny, count, 1)), 0);
}

export function weightsFor(loss: string, weights: Tensor, shape: Shape): Tensor {
  checkTensor(loss, weights, "weights");
  const offset = shape.length - weights.shape.length;
  const fits = weights.shape.every((n, d) => n === 1 || n === shape[d + offset]);
  if (offset >= 0 && fits && weights.dtype === "f32") return broadcastTo(weights, shape);
  throw new ShapeError(
    `${loss}: weights must be f32 that broadcasts to the losses, [${shape.join(", ")}]; got ${describe(weights.type)}. Reshape it, so that it has a size of 1 where it is the same.`,
  );
}

/**
 * That the prediction is f32, and the target of its shape and of one of `dtypes`. Broadcasting a target is nearly always a
 * mistake, and one that still trains.
 */
export function checkPair(
  loss: string,
  prediction: Tensor,
  target: Tensor,
  names: readonly [string, string] = ["prediction", "target"],
  dtypes: readonly DType[] = ["f32"],
): void {
  checkTensor(loss, prediction, names[0]);
  checkTensor(loss, target, names[1]);
  const { shape } = target;
  const isSame =
    prediction.shape.length === shape.length && prediction.shape.every((n, d) => n === shape[d]);
  if (!isSame) {
    throw new ShapeError(
      `${loss}: ${names[0]} and ${names[1]} must have the same shape; got ${describe(prediction.type)} and ${describe(target.type)}. Reshape or squeeze one of them.`,
    );
  }
  checkDType(loss, names[0], prediction, ["f32"]);
  const other = `Cast it first: cast(${names[1]}, "f32"); of a Trainer's data say so: { data, shape, dtype: "f32" }.`;
  checkDType(loss, names[1], target, dtypes, other);
}

/** That x is made of vectors, over whose elements a loss is taken. @throws ShapeError for a single number */
export function checkVectors(loss: string, name: string, x: Tensor): void {
  if (x.shape.length > 0) return;
  throw new ShapeError(
    `${loss}: ${name} must have a last dimension, of which a vector or distribution is made; got ${describe(x.type)}. Reshape it to [1].`,
  );
}
