/** What layers are followed by, made of other functions: f32 → f32 of the same shape. */
import { check, checkOptions, finite as finiteNumber, number, oneOf } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { apply, type Operand, operandsOf } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import {
  abs,
  add,
  clip,
  div,
  greater,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  neg,
  relu,
  sigmoid,
  softplus,
  square,
  sub,
  tanh,
  where,
} from "./elementwise.ts";
import { float, type Unary } from "./float.ts";
import { expm1 } from "./logarithms.ts";
import { slice } from "./movement.ts";

/** Which of the two forms. */
export interface GeluOptions {
  /** "none": exact; "tanh": ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), as GPT-2 has it. "none". */
  readonly approximate?: "none" | "tanh";
}

/**
 * x · Φ(x) with the normal distribution function Φ. Exact, as PyTorch's default; Hendrycks & Gimpel 2016.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor, and for another `approximate`
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions("gelu", options, { approximate: oneOf("none", "tanh") });
  if (options.approximate !== "tanh") return apply("unary", { x }, { fn: "gelu" });
  float("gelu", x);
  // From ±6 the hyperbolic tangent is ±1; the square of what is far beyond would be infinite, and its gradient 0 · ∞.
  const near = clip(x, -10, 10);
  const cubic = mul(near, add(1, mul(0.044715, square(near))));
  return mul(mul(0.5, x), add(1, tanh(mul(Math.sqrt(2 / Math.PI), cubic))));
}

/**
 * x · sigmoid(x), also known as swish. Hendrycks & Gimpel 2016.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const silu: Unary = (x) => mul(x, sigmoid(float("silu", x)));

/**
 * x · tanh(softplus(x)). Misra 2019.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const mish: Unary = (x) => mul(x, tanh(softplus(float("mish", x))));

/**
 * x where x > 0, slope · x elsewhere; the gradient at 0 is the slope. Maas et al. 2013. The slope is 0.01 where nothing
 * is said.
 * @throws DTypeError unless x is f32; ArgumentError for a slope that is not finite, and for what is no tensor
 */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  check("leakyRelu", "the slope", slope, finiteNumber);
  return where(greater(float("leakyRelu", x), 0), x, mul(x, slope));
}

/**
 * x where x > 0, slopes · x elsewhere. `slopes` is learned and broadcasts: one number, or [C] for x [..., C].
 * He et al. 2015.
 * @throws ShapeError where the slopes do not broadcast; DTypeError unless both are f32; ArgumentError for what is no
 *   tensor
 */
export function prelu(x: Tensor, slopes: Operand): Tensor {
  const [own, slope] = operandsOf("prelu", float("prelu", x), slopes, { names: ["x", "slopes"] });
  return where(greater(own, 0), own, mul(own, slope));
}

/**
 * min(max(x, 0), 6); the gradient at 0 and at 6 is 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
// Of equals the gradient goes to the first one, which is the bound.
export const relu6: Unary = (x) => minimum(6, relu(float("relu6", x)));

/**
 * x where x > 0, alpha (eˣ − 1) elsewhere. Clevert et al. 2015. `alpha` is 1 where nothing is said.
 * @throws DTypeError unless x is f32; ArgumentError for an alpha that is not finite, and for what is no tensor
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  check("elu", "alpha", alpha, finiteNumber);
  // The minimum keeps the exponential of what is not picked, and so its gradient, finite.
  return where(greater(float("elu", x), 0), x, mul(expm1(minimum(x, 0)), alpha));
}

/**
 * max(x, 0) + min(alpha (e^(x / alpha) − 1), 0): elu with a slope that is 1 on both sides of 0. Barron 2017. `alpha` is
 * 1 where nothing is said.
 * @throws DTypeError unless x is f32; ArgumentError for an alpha that is not finite, and for what is no tensor
 */
export function celu(x: Tensor, alpha = 1): Tensor {
  check("celu", "alpha", alpha, finiteNumber);
  const low = mul(expm1(div(minimum(float("celu", x), 0), alpha)), alpha);
  return where(greater(x, 0), x, low);
}

/**
 * λ x where x > 0, λ α (eˣ − 1) elsewhere, which keeps mean 0 and variance 1. Klambauer et al. 2017.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function selu(x: Tensor): Tensor {
  const [lambda, alpha] = [1.0507009873554805, 1.6732632423543772];
  const low = mul(expm1(minimum(float("selu", x), 0)), lambda * alpha);
  return where(greater(x, 0), mul(x, lambda), low);
}

/**
 * min(max(x + 3, 0), 6) / 6, as PyTorch; ONNX and Keras have a slope of their own: clip(add(mul(x, 0.2), 0.5), 0, 1). The
 * gradient at −3 and at 3 is 0.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const hardSigmoid: Unary = (x) => mul(relu6(add(float("hardSigmoid", x), 3)), 1 / 6);

/**
 * x · hardSigmoid(x). Howard et al. 2019. The gradient at −3 is 0 and at 3 it is 1, as beyond them; PyTorch's own depends
 * on its version.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const hardSwish: Unary = (x) => mul(x, hardSigmoid(float("hardSwish", x)));

/**
 * min(max(x, low), high), −1 and 1 where nothing is said. Unlike that of `clip`, the gradient at the bounds is 0.
 * @throws DTypeError unless x is f32; ArgumentError for bounds that are no numbers, and for what is no tensor
 */
export function hardTanh(x: Tensor, low = -1, high = 1): Tensor {
  check("hardTanh", "low", low, number);
  check("hardTanh", "high", high, number);
  return minimum(high, maximum(low, float("hardTanh", x)));
}

/**
 * x / (1 + |x|).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const softsign: Unary = (x) => div(x, add(abs(float("softsign", x)), 1));

/**
 * log(sigmoid(x)), which never underflows.
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const logSigmoid: Unary = (x) => neg(softplus(neg(float("logSigmoid", x))));

/**
 * x − tanh(x).
 * @throws DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export const tanhShrink: Unary = (x) => sub(float("tanhShrink", x), tanh(x));

/**
 * x brought nearer to 0 by `lambda`, and 0 where it is nearer than that. `lambda` is 0.5 where nothing is said.
 * @throws DTypeError unless x is f32; ArgumentError for a lambda that is not finite, and for what is no tensor
 */
export function softShrink(x: Tensor, lambda = 0.5): Tensor {
  check("softShrink", "lambda", lambda, finiteNumber);
  return sub(float("softShrink", x), clip(x, -lambda, lambda));
}

/**
 * x where |x| > lambda, 0 elsewhere. `lambda` is 0.5 where nothing is said.
 * @throws DTypeError unless x is f32; ArgumentError for a lambda that is not finite, and for what is no tensor
 */
export function hardShrink(x: Tensor, lambda = 0.5): Tensor {
  check("hardShrink", "lambda", lambda, finiteNumber);
  return where(lessEqual(abs(float("hardShrink", x)), lambda), 0, x);
}

/**
 * x where x > threshold, `value` elsewhere. They are 1 and 0 where nothing is said.
 * @throws DTypeError unless x is f32; ArgumentError for a threshold that is not finite, a value that is no number, and for
 *   what is no tensor
 */
export function thresholdedRelu(x: Tensor, threshold = 1, value = 0): Tensor {
  check("thresholdedRelu", "the threshold", threshold, finiteNumber);
  check("thresholdedRelu", "the value", value, number);
  return where(lessEqual(float("thresholdedRelu", x), threshold), value, x);
}

/**
 * a · sigmoid(b), where a and b are the halves of x along `axis`, the last one where nothing is said. Dauphin et al.
 * 2017. f32[..., 2n, ...] → [..., n, ...].
 * @throws ArgumentError for an axis that x does not have or that has an odd size; DTypeError unless x is f32
 */
export function glu(x: Tensor, axis = -1): Tensor {
  const d = wholeAxis("glu", axis, float("glu", x));
  const size = x.shape[d] ?? 0;
  if (size % 2 !== 0) {
    throw new ArgumentError(
      `glu: the axis must have an even size, for two halves; got axis ${axis} of size ${size}. Choose another axis.`,
    );
  }
  const sizes = x.shape.with(d, size / 2);
  const half = (start: number) =>
    slice(
      x,
      x.shape.map((_, i) => (i === d ? start : 0)),
      sizes,
    );
  return mul(half(0), sigmoid(half(size / 2)));
}

/**
 * 1 where x > 0, `at` where it is 0, 0 below; NaN of NaN. Flat: its gradient is 0.
 * @throws ShapeError where `at` does not broadcast; DTypeError unless x is f32; ArgumentError for what is no tensor
 */
export function heaviside(x: Tensor, at: Operand = 0): Tensor {
  const [own, middle] = operandsOf("heaviside", float("heaviside", x), at, { names: ["x", "at"] });
  return where(greater(own, 0), 1, where(less(own, 0), 0, add(mul(own, 0), middle)));
}
