import { anything, notNegative, probability } from "../arguments.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import {
  add,
  arange,
  cast,
  crossEntropyLoss,
  describe,
  embedding,
  equal,
  exp,
  greaterEqual,
  less,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  pow,
  reshape,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from "../functions.ts";
import { checkDType, checkLabels, checkTensor } from "../internals.ts";
import { checkLossOptions, type LossOptions, over, reduced, weightsFor } from "./reduction.ts";

/** What cross-entropy can be told. */
export interface CrossEntropyOptions extends LossOptions {
  /** f32[C]: how much each class counts. "mean" divides by the weights of the labels. */
  readonly classWeights?: Tensor;
  /** This share of every target, from 0 to 1, is spread over all classes; 0. Szegedy et al. 2016. */
  readonly labelSmoothing?: number;
}

declare const classes: unique symbol;

/**
 * What `crossEntropy` compares with, which may be any tensor. The name is there for types: a Trainer whose loss takes such
 * targets reports accuracy.
 */
export interface ClassTargets extends Tensor {
  /** Never there. */
  readonly [classes]?: never;
}

/**
 * −log softmax(logits)[label]. logits: f32[..., C], labels: i32[...], the shape of logits without its last
 * dimension → a number, or f32[...] with reduction "none".
 * Rows with a negative label count for nothing: "mean" is over the others, and 0 where there are none.
 *
 * Targets of the shape of logits, f32[..., C], are probabilities: −Σ target · log softmax(logits), "mean" is over the rows.
 * @throws ShapeError, DTypeError for targets that are neither, and for weights that are not one a class; ArgumentError
 *   for options that break their rules
 */
export function crossEntropy(
  logits: Tensor,
  targets: ClassTargets,
  options?: CrossEntropyOptions,
): Tensor {
  checkLossOptions("crossEntropy", options, {
    classWeights: anything,
    labelSmoothing: probability,
  });
  checkTensor("crossEntropy", logits, "logits");
  checkTensor("crossEntropy", targets, "targets");
  checkDType("crossEntropy", "logits", logits, ["f32"]);
  const { classWeights, labelSmoothing = 0 } = options ?? {};
  if (classWeights !== undefined) checkClassWeights("crossEntropy", logits, classWeights);
  if (targets.dtype === "f32") {
    checkProbabilities(logits, targets);
    return reduced("crossEntropy", ofProbabilities(logits, targets, options), options);
  }
  checkLabels("crossEntropy", logits, targets);
  checkDType("crossEntropy", "labels", targets, ["i32"]);
  const counted = cast(greaterEqual(targets, 0), "f32");
  const own = classWeights === undefined ? counted : weightOf(classWeights, targets);
  const each = crossEntropyLoss(logits, targets);
  const hard = classWeights === undefined ? each : mul(each, own);
  const smooth = () => mul(counted, spread(logits, classWeights));
  const rows =
    labelSmoothing === 0 ? hard : add(mul(hard, 1 - labelSmoothing), mul(smooth(), labelSmoothing));
  return overLabels("crossEntropy", rows, own, options);
}

/** What a negative log-likelihood can be told. */
export interface NegativeLogLikelihoodOptions extends LossOptions {
  /** f32[C]: how much each class counts. "mean" divides by the weights of the labels. */
  readonly classWeights?: Tensor;
}

/**
 * −logProbabilities[label], for models that give logarithms of probabilities, f32[..., C], as `logSoftmax` does; of logits it
 * is `crossEntropy`. labels i32[...] → a number, or f32[...] with reduction "none". Rows with a negative label count for
 * nothing; a label of C and more makes its row NaN.
 * @throws ShapeError where there is not one label a row, and for weights that are not one a class; DTypeError unless
 *   logProbabilities are f32 and labels i32; ArgumentError for options that break their rules
 */
export function negativeLogLikelihood(
  logProbabilities: Tensor,
  labels: Tensor,
  options?: NegativeLogLikelihoodOptions,
): Tensor {
  const caller = "negativeLogLikelihood";
  checkLossOptions(caller, options, { classWeights: anything });
  checkLabels(caller, logProbabilities, labels);
  checkDType(caller, "logProbabilities", logProbabilities, ["f32"]);
  checkDType(caller, "labels", labels, ["i32"]);
  const { classWeights } = options ?? {};
  if (classWeights !== undefined) checkClassWeights(caller, logProbabilities, classWeights);
  const classes = logProbabilities.shape.at(-1) ?? 0;
  const isOwn = equal(unsqueeze(labels, -1), arange(classes));
  const picked = sum(where(isOwn, neg(logProbabilities), 0), { axis: -1 });
  const each = where(less(labels, classes), picked, Number.NaN);
  const own =
    classWeights === undefined
      ? cast(greaterEqual(labels, 0), "f32")
      : weightOf(classWeights, labels);
  const rows = classWeights === undefined ? each : mul(each, own);
  return overLabels(caller, rows, own, options);
}

/** `rows` as the options say; `own` is how much each label counts in their mean. */
function overLabels(
  loss: string,
  rows: Tensor,
  own: Tensor,
  { weights, reduction = "mean" }: LossOptions = {},
): Tensor {
  const given = weights && weightsFor(loss, weights, own.shape);
  const weighted = given ? mul(rows, given) : rows;
  if (reduction === "none") return weighted;
  return reduction === "sum"
    ? sum(weighted)
    : over(sum(weighted), sum(given ? mul(own, given) : own));
}

function ofProbabilities(
  logits: Tensor,
  targets: Tensor,
  options: CrossEntropyOptions | undefined,
): Tensor {
  const { classWeights, labelSmoothing = 0 } = options ?? {};
  const logs = logSoftmax(logits);
  const weighted = classWeights === undefined ? logs : mul(logs, classWeights);
  const hard = neg(sum(mul(targets, weighted), { axis: -1 }));
  if (labelSmoothing === 0) return hard;
  const smooth = neg(mean(weighted, { axis: -1 }));
  return add(mul(hard, 1 - labelSmoothing), mul(smooth, labelSmoothing));
}

/** The cross-entropy to all classes alike. */
function spread(logits: Tensor, classWeights: Tensor | undefined): Tensor {
  const logs = logSoftmax(logits);
  return neg(mean(classWeights === undefined ? logs : mul(logs, classWeights), { axis: -1 }));
}

/** The weight of each label's class, and 0 of negative labels. */
function weightOf(classWeights: Tensor, labels: Tensor): Tensor {
  const rows = embedding(reshape(classWeights, [-1, 1]), labels);
  return reshape(rows, labels.shape);
}

/** What a focal loss of classes can be told. */
export interface ClassFocalOptions extends LossOptions {
  /** How little what is right already counts; 2. */
  readonly gamma?: number;
  /** f32[C]: how much each class counts. */
  readonly classWeights?: Tensor;
}

/**
 * Cross-entropy times (1 − p)^gamma, p the probability of the label. logits f32[..., C], labels i32[...] → [...]; rows with a
 * negative label count for nothing. Lin et al. 2017.
 * @throws ShapeError where there is not one label a row; DTypeError unless logits are f32 and labels i32; ArgumentError
 *   for options that break their rules
 */
export function focal(logits: Tensor, labels: Tensor, options?: ClassFocalOptions): Tensor {
  checkLossOptions("focal", options, { gamma: notNegative, classWeights: anything });
  checkLabels("focal", logits, labels);
  const { gamma = 2, classWeights, weights } = options ?? {};
  if (classWeights !== undefined) checkClassWeights("focal", logits, classWeights);
  const loss = crossEntropyLoss(logits, labels);
  // Not 0: its power has no gradient.
  const wrong = maximum(sub(1, exp(neg(loss))), 1e-12);
  const each = mul(pow(wrong, gamma), loss);
  const own = classWeights === undefined ? each : mul(each, weightOf(classWeights, labels));
  const counted = cast(greaterEqual(labels, 0), "f32");
  const given =
    weights === undefined ? counted : mul(counted, weightsFor("focal", weights, labels.shape));
  return reduced("focal", own, { ...options, weights: given });
}

function checkClassWeights(loss: string, logits: Tensor, weights: Tensor): void {
  checkTensor(loss, weights, "classWeights");
  const classes = logits.shape.at(-1);
  if (weights.dtype === "f32" && weights.shape.length === 1 && weights.shape[0] === classes) return;
  throw new ShapeError(
    `${loss}: classWeights must be f32[${classes}], one for each class; got ${describe(weights.type)}. The classes are the last dimension of the logits.`,
  );
}

function checkProbabilities(logits: Tensor, targets: Tensor): void {
  if (targets.shape.join() === logits.shape.join()) return;
  if (targets.shape.join() === logits.shape.slice(0, -1).join()) {
    throw new DTypeError(
      `crossEntropy: labels must be i32; got ${describe(targets.type)}. Write cast(labels, "i32"), or give probabilities of the shape of logits.`,
    );
  }
  throw new ShapeError(
    `crossEntropy: probabilities must have the shape of logits; got logits ${describe(logits.type)}, targets ${describe(targets.type)}. Transpose or reshape one of them.`,
  );
}
