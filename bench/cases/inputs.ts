/**
 * The inputs of every kind of case: the same numbers for every engine. Weights have PyTorch's names and layouts;
 * images are [N, H, W, C] and convolution filters of kernel cases [KH, KW, IC, OC]; engines permute as they like,
 * before the timing. Streams number the arrays of a case from 1 in the order in which they stand here.
 */
import type { BenchCase } from "../contract.ts";
import { floats, integers } from "./random.ts";

export interface Input {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}
export type Inputs = Readonly<Record<string, Input>>;

export const LEARNING_RATE = 1e-3;
export const CNN_CLASSES = 10;

export function numberOf(benchCase: BenchCase, name: string): number {
  const value = benchCase.params[name];
  if (typeof value !== "number") {
    throw new Error(`${benchCase.name}: parameter ${name} must be a number; got ${value}.`);
  }
  return value;
}

/** Numbers one after the other: streams 1, 2, 3 … */
class Maker {
  #stream = 0;
  readonly made: Record<string, Input> = {};

  floats(name: string, shape: readonly number[], scale = 1): this {
    this.made[name] = { shape, data: floats(++this.#stream, size(shape), scale) };
    return this;
  }
  integers(name: string, shape: readonly number[], below: number): this {
    this.made[name] = { shape, data: integers(++this.#stream, size(shape), below) };
    return this;
  }
}

function size(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

/**
 * cnn-train: conv1 3×3 1→16 "same" with bias, relu, max pool 2; conv2 3×3 16→32 the same way; flatten in the order
 * (h, w, c); linear 1568→10; mean cross-entropy; Adam (0.9, 0.999, 1e-8) at 1e-3 on all six parameters.
 * conv weights are [OC, IC, KH, KW], fc.weight is [10, 1568] with its columns in the order (h, w, c).
 */
function cnn(benchCase: BenchCase): Inputs {
  const batch = numberOf(benchCase, "batch");
  return new Maker()
    .floats("x", [batch, 28, 28, 1])
    .integers("labels", [batch], CNN_CLASSES)
    .floats("conv1.weight", [16, 1, 3, 3], 1 / 3)
    .floats("conv1.bias", [16], 1 / 3)
    .floats("conv2.weight", [32, 16, 3, 3], 1 / 12)
    .floats("conv2.bias", [32], 1 / 12)
    .floats("fc.weight", [10, 1568], 1 / Math.sqrt(1568))
    .floats("fc.bias", [10], 1 / Math.sqrt(1568)).made;
}

/**
 * lstm, gru, rnn (tanh): x [T, B, I]; weights per layer as in PyTorch, [G·H, I] and [G·H, H] with G = 4 in the order
 * i f g o, 3 in the order r z n, 1; ONE bias [G·H] a layer, which is bias_ih (bias_hh is zero and not trained; a
 * GRU's reset gate is applied after the product, as in PyTorch). The state starts at zero. The hidden state of the
 * last layer at the LAST step → linear H→classes with bias → mean cross-entropy; Adam as above on all parameters.
 * lstm-forward ends in the logits [B, classes].
 */
function recurrent(benchCase: BenchCase, gates: number): Inputs {
  const [B, T, I, H, layers, classes] = [
    numberOf(benchCase, "batch"),
    numberOf(benchCase, "time"),
    numberOf(benchCase, "input"),
    numberOf(benchCase, "hidden"),
    numberOf(benchCase, "layers"),
    numberOf(benchCase, "classes"),
  ];
  const scale = 1 / Math.sqrt(H);
  const maker = new Maker().floats("x", [T, B, I]).integers("labels", [B], classes);
  for (let l = 0; l < layers; l++) {
    maker
      .floats(`weight_ih_l${l}`, [gates * H, l === 0 ? I : H], scale)
      .floats(`weight_hh_l${l}`, [gates * H, H], scale)
      .floats(`bias_l${l}`, [gates * H], scale);
  }
  return maker.floats("fc.weight", [classes, H], scale).floats("fc.bias", [classes], scale).made;
}

/**
 * transformer-train: x [T, B, D]; a block as PyTorch's TransformerEncoderLayer with its names (norms behind the sums, relu,
 * no dropout), then the mean over time → linear D→classes with bias → mean cross-entropy; Adam as above on all parameters.
 */
function transformer(benchCase: BenchCase): Inputs {
  const p = (name: string) => numberOf(benchCase, name);
  const [D, H, classes] = [p("features"), p("hidden"), p("classes")];
  const scale = 1 / Math.sqrt(D);
  return new Maker()
    .floats("x", [p("time"), p("batch"), D])
    .integers("labels", [p("batch")], classes)
    .floats("self_attn.in_proj_weight", [3 * D, D], scale)
    .floats("self_attn.in_proj_bias", [3 * D], scale)
    .floats("self_attn.out_proj.weight", [D, D], scale)
    .floats("self_attn.out_proj.bias", [D], scale)
    .floats("linear1.weight", [H, D], scale)
    .floats("linear1.bias", [H], scale)
    .floats("linear2.weight", [D, H], 1 / Math.sqrt(H))
    .floats("linear2.bias", [D], scale)
    .floats("norm1.weight", [D])
    .floats("norm1.bias", [D], scale)
    .floats("norm2.weight", [D])
    .floats("norm2.bias", [D], scale)
    .floats("fc.weight", [classes, D], scale)
    .floats("fc.bias", [classes], scale).made;
}

/**
 * tbptt: ids [windows · window + 1, B], characters; embedding [V, E] (trained); LSTM one layer; every step → linear →
 * mean cross-entropy over window · B rows against the next character. Window after window, the state goes on, the
 * gradient does not; one Adam step a window. A run is the whole text once, from a zero state. Result: the losses of
 * the first three windows.
 */
function characters(benchCase: BenchCase): Inputs {
  const p = (name: string) => numberOf(benchCase, name);
  const [V, E, H] = [p("vocabulary"), p("embedding"), p("hidden")];
  const scale = 1 / Math.sqrt(H);
  return new Maker()
    .integers("ids", [p("window") * p("windows") + 1, p("batch")], V)
    .floats("embedding.weight", [V, E])
    .floats("weight_ih_l0", [4 * H, E], scale)
    .floats("weight_hh_l0", [4 * H, H], scale)
    .floats("bias_l0", [4 * H], scale)
    .floats("fc.weight", [V, H], scale)
    .floats("fc.bias", [V], scale).made;
}

/** matmul: a [M, K] (tn: stored [K, M]), b [K, N] (nt: stored [N, K]). Result: the product [M, N]. */
function matmul(benchCase: BenchCase): Inputs {
  const [m, k, n] = [numberOf(benchCase, "m"), numberOf(benchCase, "k"), numberOf(benchCase, "n")];
  const { layout } = benchCase.params;
  return new Maker()
    .floats("a", layout === "tn" ? [k, m] : [m, k])
    .floats("b", layout === "nt" ? [n, k] : [k, n]).made;
}

/**
 * conv-*: x [N, H, W, IC], w [KH, KW, IC / groups, OC], g [N, OH, OW, OC] (the gradient that arrives). Forward needs
 * x and w, input-grad g and w, filter-grad x and g; the result is the output, dx, or dw as [KH, KW, IC, OC].
 */
function conv(benchCase: BenchCase): Inputs {
  const p = (name: string) => numberOf(benchCase, name);
  const [N, H, W, IC, OC, K, S] = [
    p("batch"),
    p("height"),
    p("width"),
    p("in"),
    p("out"),
    p("kernel"),
    p("stride"),
  ];
  const out = (length: number) => Math.floor((length + 2 * ((K - 1) >> 1) - K) / S) + 1;
  return new Maker()
    .floats("x", [N, H, W, IC])
    .floats("w", [K, K, IC / p("groups"), OC])
    .floats("g", [N, out(H), out(W), OC]).made;
}

/**
 * batch-norm: x and g [N, H, W, C] (the gradient that arrives), weight and bias [C], ε 1e-5, statistics of the batch.
 * layer-norm: x and g [R, F], weight and bias [F], ε 1e-5, over F. Results: y, dx, the gradients of weight and of bias.
 */
function norm(shape: readonly number[]): Inputs {
  const features = shape.slice(-1);
  return new Maker()
    .floats("x", shape)
    .floats("weight", features)
    .floats("bias", features)
    .floats("g", shape).made;
}

/**
 * conv-transpose: x [N, H, W, IC], w [KH, KW, OC, IC], g [N, OH, OW, OC] with OH = (H − 1) · stride − 2 · padding + KH.
 * Results: y as g, dx, dw as w.
 */
function convTranspose(benchCase: BenchCase): Inputs {
  const p = (name: string) => numberOf(benchCase, name);
  const [N, H, W, IC, OC, K] = [
    p("batch"),
    p("height"),
    p("width"),
    p("in"),
    p("out"),
    p("kernel"),
  ];
  const out = (length: number) => (length - 1) * p("stride") - 2 * p("padding") + K;
  return new Maker()
    .floats("x", [N, H, W, IC])
    .floats("w", [K, K, OC, IC])
    .floats("g", [N, out(H), out(W), OC]).made;
}

/** The arrays of `benchCase`, by name. Kinds without inputs (fma, overhead) have none. */
export function inputsOf(benchCase: BenchCase): Inputs {
  const p = (name: string) => numberOf(benchCase, name);
  switch (benchCase.kind) {
    case "cnn-train":
      return cnn(benchCase);
    case "lstm-train":
    case "lstm-forward":
      return recurrent(benchCase, 4);
    case "gru-train":
      return recurrent(benchCase, 3);
    case "rnn-train":
      return recurrent(benchCase, 1);
    case "transformer-train":
      return transformer(benchCase);
    case "tbptt":
      return characters(benchCase);
    case "matmul":
      return matmul(benchCase);
    case "conv-forward":
    case "conv-input-grad":
    case "conv-filter-grad":
      return conv(benchCase);
    // Result: the pooled images [N, H / window, W / window, C].
    case "max-pool":
      return new Maker().floats("x", [p("batch"), p("height"), p("width"), p("channels")]).made;
    case "batch-norm":
      return norm([p("batch"), p("height"), p("width"), p("channels")]);
    case "layer-norm":
      return norm([p("rows"), p("features")]);
    case "conv-transpose":
      return convTranspose(benchCase);
    // Results: the rows [ids, F], the gradient of the table at g [ids, F].
    case "embedding":
      return new Maker()
        .floats("table", [p("rows"), p("features")])
        .integers("ids", [p("ids")], p("rows"))
        .floats("g", [p("ids"), p("features")]).made;
    // Result: the mean loss [1], then the gradient with respect to the logits [R, C].
    case "softmax-cross-entropy":
      return new Maker()
        .floats("logits", [p("rows"), p("classes")], 4)
        .integers("labels", [p("rows")], p("classes")).made;
    // Moments start at zero; step 1, 2, 3 … at 1e-3. Result: the parameter after the FIRST step.
    case "adam":
      return new Maker().floats("parameter", [p("elements")]).floats("gradient", [p("elements")])
        .made;
    // x ← x + y, `length` times, each a separate op of the user's code. Result: x after it.
    case "add-chain":
      return new Maker().floats("x", [p("elements")]).floats("y", [p("elements")], 0.01).made;
    // A copy that is not elided: out = x + 0 or the engine's clone. Result: the copy.
    case "copy":
      return new Maker().floats("x", [p("elements")]).made;
    case "fma":
    case "overhead":
      return {};
  }
}
