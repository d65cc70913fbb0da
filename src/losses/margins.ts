/** Distances and scores that shall be on the right side of a margin. */
import { notNegative, number, positive } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import {
  add,
  arange,
  crossEntropyLoss,
  describe,
  div,
  greater,
  matmul,
  maximum,
  mul,
  norm,
  relu,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  where,
} from "../functions.ts";
import { root, scaled } from "../internals.ts";
import {
  checkLossOptions,
  checkPair,
  checkVectors,
  type LossOptions,
  reduced,
} from "./reduction.ts";

/**
 * max(0, 1 − target · prediction) for targets of −1 and 1. Both f32 of one shape. Gives their mean, or as `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function hinge(prediction: Tensor, target: Tensor, options?: LossOptions): Tensor {
  checkLossOptions("hinge", options);
  checkPair("hinge", prediction, target);
  return reduced("hinge", relu(sub(1, mul(target, prediction))), options);
}

/**
 * Its square, which is smooth at the margin. Both f32 of one shape.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function squaredHinge(prediction: Tensor, target: Tensor, options?: LossOptions): Tensor {
  checkLossOptions("squaredHinge", options);
  checkPair("squaredHinge", prediction, target);
  return reduced("squaredHinge", square(relu(sub(1, mul(target, prediction)))), options);
}

/**
 * a·b / max(|a|·|b|, 1e-8) over the last dimension: [..., D] of one shape → [...], between −1 and 1. f32.
 * @throws ShapeError where shapes differ or have no dimension; DTypeError unless both are f32; ArgumentError for what
 *   is no tensor
 */
export function cosineSimilarity(a: Tensor, b: Tensor): Tensor {
  return similarity("cosineSimilarity", a, b);
}

function similarity(caller: string, a: Tensor, b: Tensor): Tensor {
  checkPair(caller, a, b, ["a", "b"]);
  checkVectors(caller, "a", a);
  const last = a.shape.length - 1;
  const [of, to] = [directed(a, last), directed(b, last)];
  // The 1e-8 of the product of both lengths, in the scale of what is left of them.
  const least = div(div(1e-8, of.scale), to.scale);
  const cosine = div(
    sum(mul(of.near, to.near), { axis: last, keepDims: true }),
    maximum(mul(of.size, to.size), least),
  );
  return squeeze(cosine, last);
}

/** A vector whose largest element is 1, and its length; that of 0 has no gradient. */
function directed(x: Tensor, axis: number) {
  const { near, scale } = scaled(x, [axis]);
  return { near, scale, size: root(sum(square(near), { axis, keepDims: true })) };
}

/** What a loss of angles can be told. */
export interface CosineOptions extends LossOptions {
  /** How alike pairs that are not the same may be; 0. */
  readonly margin?: number;
}

/**
 * 1 − cos(a, b) for pairs whose target is 1, max(0, cos(a, b) − margin) for those whose target is −1. a, b f32[..., D],
 * target f32[...]
 * or i32[...].
 * @throws ShapeError where a and b differ or there is not one target a pair; DTypeError for other dtypes; ArgumentError
 *   for options that break their rules
 */
export function cosineEmbedding(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  options?: CosineOptions,
): Tensor {
  checkLossOptions("cosineEmbedding", options, { margin: number });
  const cosine = similarity("cosineEmbedding", a, b);
  const dtypes = ["f32", "i32"] as const;
  checkPair("cosineEmbedding", cosine, target, ["the similarities", "target"], dtypes);
  const apart = relu(sub(cosine, options?.margin ?? 0));
  return reduced("cosineEmbedding", where(greater(target, 0), sub(1, cosine), apart), options);
}

/** What a loss with a margin can be told. */
export interface MarginOptions extends LossOptions {
  /** 1. */
  readonly margin?: number;
}

/**
 * max(0, |anchor − positive| − |anchor − negative| + margin) over the last dimension, all f32[..., D] → [...]. As in
 * PyTorch 1e-6 is added to each difference. Schroff et al. 2015.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that break their
 *   rules
 */
export function tripletMargin(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: MarginOptions,
): Tensor {
  checkLossOptions("tripletMargin", options, { margin: notNegative });
  checkPair("tripletMargin", anchor, positive, ["anchor", "positive"]);
  checkPair("tripletMargin", anchor, negative, ["anchor", "negative"]);
  checkVectors("tripletMargin", "anchor", anchor);
  const apart = sub(distance(anchor, positive), distance(anchor, negative));
  return reduced("tripletMargin", relu(add(apart, options?.margin ?? 1)), options);
}

/**
 * d² / 2 for pairs whose target is 1, max(0, margin − d)² / 2 for those whose target is 0, d = |a − b| over the last
 * dimension. a, b f32[..., D], target f32[...]. Hadsell, Chopra & LeCun 2006.
 * @throws ShapeError where a and b differ or there is not one target a pair; DTypeError unless they are f32;
 *   ArgumentError for options that break their rules
 */
export function contrastive(a: Tensor, b: Tensor, target: Tensor, options?: MarginOptions): Tensor {
  checkLossOptions("contrastive", options, { margin: notNegative });
  checkPair("contrastive", a, b, ["a", "b"]);
  checkVectors("contrastive", "a", a);
  const d = distance(a, b);
  checkPair("contrastive", d, target, ["the distances", "target"]);
  const apart = square(relu(sub(options?.margin ?? 1, d)));
  // A distance that counts 0 times may have an infinite square.
  const each = add(mul(mul(target, d), d), mul(sub(1, target), apart));
  return reduced("contrastive", mul(0.5, each), options);
}

/** |a − b + 1e-6|: two that are the same have a gradient, too. */
function distance(a: Tensor, b: Tensor): Tensor {
  return norm(add(sub(a, b), 1e-6), { axis: -1 });
}

/** What InfoNCE can be told. */
export interface InfoNceOptions extends LossOptions {
  /** By which similarities are divided; 0.1. */
  readonly temperature?: number;
}

/**
 * Row i of a belongs to row i of b and to no other: the cross-entropy of their similarities, in both directions. a, b
 * f32[N, D] → [N]; they count as vectors of length 1. van den Oord et al. 2018; both directions as in CLIP, Radford et al.
 * 2021.
 * @throws ShapeError unless both are [N, D]; DTypeError unless they are f32; ArgumentError for a temperature that is
 *   not above 0, and for options that there are not
 */
export function infoNce(a: Tensor, b: Tensor, options?: InfoNceOptions): Tensor {
  checkLossOptions("infoNce", options, { temperature: positive });
  checkPair("infoNce", a, b, ["a", "b"]);
  if (a.shape.length !== 2) {
    throw new ShapeError(
      `infoNce: a and b must be [N, D], a row for each example; got ${describe(a.type)}. Reshape them.`,
    );
  }
  const scale = 1 / (options?.temperature ?? 0.1);
  const own = arange(a.shape[0] ?? 0);
  const towards = (from: Tensor, to: Tensor) =>
    crossEntropyLoss(mul(scale, matmul(from, to, { transposeB: true })), own);
  const [left, right] = [normalised(a), normalised(b)];
  return reduced("infoNce", mul(0.5, add(towards(left, right), towards(right, left))), options);
}

/** Vectors of length 1; those shorter than 1e-12 are divided by that. */
function normalised(x: Tensor): Tensor {
  const { near, scale } = scaled(x, [1]);
  const squares = sum(square(near), { axis: 1, keepDims: true });
  return div(near, sqrt(maximum(squares, square(div(1e-12, scale)))));
}
