import { anything, notNegative, probability } from "../arguments.ts";
import {
  add,
  cast,
  less,
  log,
  maximum,
  mul,
  neg,
  pow,
  sigmoid,
  softplus,
  sub,
  type Tensor,
  where,
} from "../functions.ts";
import { checkLossOptions, checkPair, type LossOptions, reduced, weightsFor } from "./reduction.ts";

/** What binary cross-entropy can be told. */
export interface BinaryOptions extends LossOptions {
  /** f32 that broadcasts to the logits: how much a positive target counts, against a negative one; 1. */
  readonly positiveWeight?: Tensor;
}

/** Names and dtypes of what is compared: classes are numbers of any kind, or bool. */
const BINARY = [
  ["logits", "targets"],
  ["f32", "bool", "i32", "u32"],
] as const;

/**
 * −t · log σ(x) − (1 − t) · log(1 − σ(x)) for logits x and targets t in [0, 1], of one shape; t may be bool, or 0 and 1 as i32 or u32. Written as
 * t · softplus(−x) + (1 − t) · softplus(x): no overflow, nothing cancels, and the gradient is σ(x) − t everywhere, at 0
 * as well. Gives a number, or f32[...] with reduction "none".
 * @throws ShapeError where shapes differ; DTypeError unless logits are f32; ArgumentError for options that there are
 *   not
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options?: BinaryOptions,
): Tensor {
  const caller = "binaryCrossEntropyWithLogits";
  checkLossOptions(caller, options, { positiveWeight: anything });
  checkPair(caller, logits, targets, ...BINARY);
  const { positiveWeight } = options ?? {};
  const { missed, falseAlarm } = errors(logits, targets);
  const weighted =
    positiveWeight === undefined
      ? missed
      : mul(missed, weightsFor(caller, positiveWeight, logits.shape));
  return reduced(caller, add(weighted, falseAlarm), options);
}

/**
 * The same of probabilities, whose logarithms count as −100 or more, as in PyTorch. A network's last layer should give
 * logits instead: a probability that is rounded to 0 or 1 has no gradient that helps. Both of one shape, → a number.
 * @throws ShapeError where shapes differ; DTypeError unless probabilities are f32; ArgumentError for options that
 *   there are not
 */
export function binaryCrossEntropy(
  probabilities: Tensor,
  targets: Tensor,
  options?: LossOptions,
): Tensor {
  checkLossOptions("binaryCrossEntropy", options);
  checkPair("binaryCrossEntropy", probabilities, targets, ["probabilities", "targets"], BINARY[1]);
  const t = asNumbers(targets);
  // e⁻¹⁰⁰ is subnormal, which a GPU may read as 0.
  const logOf = (x: Tensor) => where(less(x, LEAST), -100, log(maximum(x, LEAST)));
  const hit = mul(t, logOf(probabilities));
  const rest = mul(sub(1, t), logOf(sub(1, probabilities)));
  return reduced("binaryCrossEntropy", neg(add(hit, rest)), options);
}

/** The smallest normal f32. */
const LEAST = 2 ** -126;

/** What a focal loss can be told. */
export interface FocalOptions extends LossOptions {
  /** How little what is right already counts; 2. */
  readonly gamma?: number;
  /** The weight of positive targets, 1 − alpha that of negative ones; 0.25. */
  readonly alpha?: number;
}

/**
 * Binary cross-entropy times (1 − p)^gamma, p the probability of what is right, for logits and targets of 0 and 1 of
 * one shape. Lin et al. 2017. Gives a number.
 * @throws ShapeError where shapes differ; DTypeError unless logits are f32; ArgumentError for options that break
 *   their rules
 */
export function binaryFocal(logits: Tensor, targets: Tensor, options?: FocalOptions): Tensor {
  checkLossOptions("binaryFocal", options, { gamma: notNegative, alpha: probability });
  checkPair("binaryFocal", logits, targets, ...BINARY);
  const { gamma = 2, alpha = 0.25 } = options ?? {};
  const { t, missed, falseAlarm } = errors(logits, targets);
  // Not 0: its power has no gradient.
  const wrong = maximum(add(mul(t, sigmoid(neg(logits))), mul(sub(1, t), sigmoid(logits))), 1e-12);
  const share = add(mul(t, alpha), mul(sub(1, t), 1 - alpha));
  const each = mul(mul(share, pow(wrong, gamma)), add(missed, falseAlarm));
  return reduced("binaryFocal", each, options);
}

const asNumbers = (targets: Tensor) => (targets.dtype === "f32" ? targets : cast(targets, "f32"));

function errors(logits: Tensor, targets: Tensor) {
  const t = asNumbers(targets);
  return {
    t,
    missed: mul(t, softplus(neg(logits))),
    falseAlarm: mul(sub(1, t), softplus(logits)),
  };
}
