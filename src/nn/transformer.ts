import { anything, checkOptions, count, flag, number, oneOf } from "../arguments.ts";
import { add, gelu, relu, type Tensor } from "../functions.ts";
import { nextNodeId } from "../internals.ts";
import { type AttentionRun, multiHeadAttention } from "./attention.ts";
import { module } from "./define.ts";
import { dropout as dropoutLayer } from "./dropout.ts";
import { layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";
import type { Module } from "./module.ts";
import { observe } from "./observe.ts";
import {
  checkHeads,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  lasting,
} from "./options.ts";

/** How a block of a transformer is made. */
export interface TransformerOptions extends InitialiseOptions {
  /** Features of the layer between; 2048, PyTorch's. 4 · features is usual. */
  readonly hidden?: number;
  /** Share of elements that is dropped while training, behind each part; 0.1. */
  readonly dropout?: number;
  /** "relu". */
  readonly activation?: "relu" | "gelu";
  /** Whether norms stand in front of each part rather than behind the sum: easier to train where there are many. false. */
  readonly normFirst?: boolean;
  /** Whether a step sees itself and those before it only; false. */
  readonly causal?: boolean;
  /** x is [B, T, F] instead of [T, B, F]. */
  readonly batchFirst?: boolean;
}

/** A module of sequences, which can also be given a mask or lengths. */
export interface TransformerModule extends Module {
  /**
   * With a mask, or for sequences of different lengths.
   * @throws ShapeError for x, masks and lengths that do not fit, DTypeError unless x is f32; ArgumentError for options that break
   *   their rules
   */
  run(x: Tensor, options?: Omit<AttentionRun, "memory">): Tensor;
}

/**
 * A block of a transformer: attention and two linear layers, each around a sum, each with a norm. x: f32[T, B, features], the
 * same shape out. Vaswani et al. 2017; `normFirst` is Xiong et al. 2020. Names in a state dict are those of PyTorch's
 * TransformerEncoderLayer: self_attn, linear1, linear2, norm1, norm2.
 * @throws ArgumentError where the heads do not divide the features, and for options that break their rules; where it is
 *   called, ShapeError for x of another form, DTypeError unless it is f32
 */
export function transformerBlock(
  features: number,
  heads: number,
  options: TransformerOptions = {},
): TransformerModule {
  checkHeads("transformerBlock", features, heads);
  checkOptions("transformerBlock", options, {
    ...INITIALISE_RULES,
    hidden: count,
    dropout: number,
    activation: oneOf("relu", "gelu"),
    normFirst: flag,
    causal: flag,
    batchFirst: flag,
  });
  const { hidden = 2048, dropout = 0.1, activation = "relu", normFirst = false } = options;
  const { causal = false, batchFirst = false, initialise } = options;
  const key = keysOf(options.seed);
  const own = (index: number) => ({
    seed: key(index)[0],
    ...(initialise !== undefined && { initialise }),
  });
  const attend = multiHeadAttention(features, heads, { ...own(0), causal, dropout, batchFirst });
  const [up, down] = [linear(features, hidden, own(1)), linear(hidden, features, own(2))];
  const [norm1, norm2] = [layerNorm(features), layerNorm(features)];
  const [inner, outer] = [dropoutLayer(dropout), dropoutLayer(dropout)];
  const between = activation === "relu" ? relu : (x: Tensor) => gelu(x);
  const feed = (x: Tensor) => outer(down(inner(between(up(x)))));
  const walk = (x: Tensor, run: AttentionRun) => {
    if (!normFirst) {
      const y = norm1(add(x, attend.run(x, run)));
      return norm2(add(y, feed(y)));
    }
    const y = add(x, attend.run(norm1(x), run));
    return add(y, feed(norm2(y)));
  };
  const made = module("transformerBlock", {
    description: `transformerBlock(${features}, ${heads} heads)`,
    timeAxis: batchFirst ? 1 : 0,
    made: ["transformerBlock", features, heads, lasting(options)],
    children: { self_attn: attend, linear1: up, linear2: down, norm1, norm2, inner, outer },
    forward: (x) => walk(x, {}),
  });
  return Object.assign(made, {
    run(x: Tensor, run: Omit<AttentionRun, "memory"> = {}) {
      checkOptions("transformerBlock", run, { lengths: anything, mask: anything });
      const from = nextNodeId();
      const y = walk(x, run);
      observe(made, y, from);
      return y;
    },
  });
}
