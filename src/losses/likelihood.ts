/** Negative logarithms of likelihoods, and divergences between distributions. */
import { flag, positive } from "../arguments.ts";
import {
  add,
  div,
  exp,
  less,
  log,
  mul,
  notEqual,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
} from "../functions.ts";
import {
  checkLossOptions,
  checkPair,
  checkVectors,
  type LossOptions,
  reduced,
} from "./reduction.ts";

/** What the Kullback–Leibler divergence can be told. */
export interface KlOptions extends LossOptions {
  /** Whether the target is given as logarithms, too; false. */
  readonly logTarget?: boolean;
}

/**
 * Σ target · (log target − prediction) over the last dimension, where prediction = log q, of one shape [..., C] → [...]. A
 * target of 0 adds nothing; one that is no probability, NaN or below 0, makes it NaN. A distribution is a row, as in Keras:
 * "none" has one number for each, and "mean" is over them. Of [N, C] that is PyTorch's "batchmean"; its "mean" is over the
 * elements, C times smaller and no divergence, and its "none" has them all. Kullback & Leibler 1951.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function klDivergence(logPrediction: Tensor, target: Tensor, options?: KlOptions): Tensor {
  checkLossOptions("klDivergence", options, { logTarget: flag });
  checkPair("klDivergence", logPrediction, target, ["logPrediction", "target"]);
  checkVectors("klDivergence", "logPrediction", logPrediction);
  const isLog = options?.logTarget ?? false;
  const p = isLog ? exp(target) : target;
  const isSome = notEqual(p, 0);
  // The inner `where` keeps log 0 out of the gradient.
  const logs = isLog ? target : log(where(isSome, target, 1));
  const each = where(isSome, mul(p, sub(logs, logPrediction)), 0);
  return reduced("klDivergence", sum(each, { axis: -1 }), options);
}

/** What the likelihood of counts can be told. */
export interface PoissonOptions extends LossOptions {
  /** Whether the prediction is the logarithm of the rate; true. */
  readonly logInput?: boolean;
  /** Added to a rate before its logarithm is taken; 1e-8. */
  readonly epsilon?: number;
}

/**
 * rate − target · log rate, of counts, without the constant log target!. Both f32 of one shape. Gives their mean, or as
 * `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function poissonNll(prediction: Tensor, target: Tensor, options?: PoissonOptions): Tensor {
  checkLossOptions("poissonNll", options, { logInput: flag, epsilon: positive });
  checkPair("poissonNll", prediction, target);
  const { logInput = true, epsilon = 1e-8 } = options ?? {};
  const logs = logInput ? prediction : log(add(prediction, epsilon));
  const rate = logInput ? exp(prediction) : prediction;
  return reduced("poissonNll", sub(rate, mul(target, logs)), options);
}

/** What the likelihood of a normal distribution can be told. */
export interface GaussianOptions extends LossOptions {
  /** No variance counts as less; one that is less has the gradient of this one, as in PyTorch, so that it can grow. 1e-6. */
  readonly epsilon?: number;
}

/**
 * (log variance + (target − mean)² / variance) / 2, without the constant. All f32 of one shape; for a Trainer:
 * `(output, target) => losses.gaussianNll(output.mean, output.variance, target)`. Nix & Weigend 1994. Gives their mean, or
 * as `reduction` says.
 * @throws ShapeError where shapes differ; DTypeError unless they are f32; ArgumentError for options that there are not
 */
export function gaussianNll(
  mean: Tensor,
  variance: Tensor,
  target: Tensor,
  options?: GaussianOptions,
): Tensor {
  checkLossOptions("gaussianNll", options, { epsilon: positive });
  checkPair("gaussianNll", mean, target, ["mean", "target"]);
  checkPair("gaussianNll", mean, variance, ["mean", "variance"]);
  const least = options?.epsilon ?? 1e-6;
  // Exactly `least`, with a gradient of 1.
  const raised = add(least, sub(variance, stopGradient(variance)));
  const own = where(less(variance, least), raised, variance);
  const away = sub(mean, target);
  // Not its square, which may be infinite where the quotient is not.
  const each = add(mul(0.5, log(own)), mul(mul(0.5, away), div(away, own)));
  return reduced("gaussianNll", each, options);
}
