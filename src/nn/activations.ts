/** Functions without parameters, as modules: any shape in, the same shape out. */
import { check, finite, rule } from "../arguments.ts";
import * as verbs from "../functions.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

const activation = (
  kind: string,
  forward: (x: verbs.Tensor) => verbs.Tensor,
  ...args: readonly unknown[]
): Module => module(kind, { timeAxis: "any", made: [kind, ...args], forward });

/**
 * max(x, 0). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const relu = () => activation("relu", verbs.relu);

/**
 * min(max(x, 0), 6). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const relu6 = () => activation("relu6", verbs.relu6);

/**
 * (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const tanh = () => activation("tanh", verbs.tanh);

/**
 * 1 / (1 + exp(−x)). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const sigmoid = () => activation("sigmoid", verbs.sigmoid);

/**
 * log(1 + eˣ). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const softplus = () => activation("softplus", verbs.softplus);

/**
 * x / (1 + |x|). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const softsign = () => activation("softsign", verbs.softsign);

/**
 * log sigmoid(x). f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const logSigmoid = () => activation("logSigmoid", verbs.logSigmoid);

/**
 * x · Φ(x), exact, or as GPT-2 has it. Hendrycks & Gimpel 2016. f32 of any shape.
 * @throws ArgumentError for another `approximate`; where it is called, DTypeError unless x is f32
 */
export function gelu(options: verbs.GeluOptions = {}): Module {
  return activation("gelu", (x) => verbs.gelu(x, options), options);
}

/**
 * x · sigmoid(x), also known as swish. f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const silu = () => activation("silu", verbs.silu);

/**
 * x · tanh(softplus(x)). Misra 2019. f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const mish = () => activation("mish", verbs.mish);

/**
 * x where x > 0, slope · x elsewhere. Maas et al. 2013. f32 of any shape; the slope is 0.01 where nothing is said.
 * @throws ArgumentError for a slope that is not finite; where it is called, DTypeError unless x is f32
 */
export function leakyRelu(slope = 0.01): Module {
  check("leakyRelu", "the slope", slope, finite);
  return activation("leakyRelu", (x) => verbs.leakyRelu(x, slope), slope);
}

/**
 * x where x > 0, alpha (eˣ − 1) elsewhere. Clevert et al. 2015. f32 of any shape; alpha is 1 where nothing is said.
 * @throws ArgumentError for an alpha that is not finite; where it is called, DTypeError unless x is f32
 */
export function elu(alpha = 1): Module {
  check("elu", "alpha", alpha, finite);
  return activation("elu", (x) => verbs.elu(x, alpha), alpha);
}

/**
 * An elu that keeps mean and variance. Klambauer et al. 2017. f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const selu = () => activation("selu", verbs.selu);

/**
 * A sigmoid of three lines: x / 6 + 1/2, at least 0 and at most 1. f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const hardSigmoid = () => activation("hardSigmoid", verbs.hardSigmoid);

/**
 * x · hardSigmoid(x). Howard et al. 2019. f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const hardSwish = () => activation("hardSwish", verbs.hardSwish);

/**
 * x, at least −1 and at most 1. f32 of any shape.
 * @throws where it is called: DTypeError unless x is f32
 */
export const hardTanh = () => activation("hardTanh", (x) => verbs.hardTanh(x));

/**
 * exp(x) / Σ exp(x) over `axis`. Not in front of `losses.crossEntropy`, which takes logits. The last one where nothing
 * is said; f32 of x's shape.
 * @throws ArgumentError for an axis that is not a whole number, where it is called, for one that x does not have;
 *   DTypeError unless x is f32
 */
export function softmax(axis = -1): Module {
  check("softmax", "the axis", axis, anAxis, "-1 is the last one.");
  return activation("softmax", (x) => verbs.softmax(x, axis), axis);
}

/**
 * log softmax(x) over `axis`. The last one where nothing is said; f32 of x's shape.
 * @throws ArgumentError for an axis that is not a whole number, where it is called, for one that x does not have;
 *   DTypeError unless x is f32
 */
export function logSoftmax(axis = -1): Module {
  check("logSoftmax", "the axis", axis, anAxis, "-1 is the last one.");
  return activation("logSoftmax", (x) => verbs.logSoftmax(x, axis), axis);
}

const anAxis = rule("a whole number", Number.isSafeInteger);
