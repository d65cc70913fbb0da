import { anything, checkOptions, flag, number } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import {
  add,
  and,
  arange,
  attention,
  describe,
  dropout as drop,
  less,
  matmul,
  reshape,
  type Shape,
  slice,
  type Tensor,
  transpose,
  where,
} from "../functions.ts";
import { checkDType, checkTensor, nextNodeId } from "../internals.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import { constant, xavierUniform } from "./initialise.ts";
import { linear } from "./linear.ts";
import type { Mode, Module } from "./module.ts";
import { observe } from "./observe.ts";
import {
  checkHeads,
  checkProbability,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  lasting,
  parameter,
} from "./options.ts";
import { asLengths } from "./sequence-lengths.ts";

/** How attention is made. */
export interface MultiHeadAttentionOptions extends InitialiseOptions {
  /** Whether a step sees itself and those before it only; false. */
  readonly causal?: boolean;
  /** Whether a bias is added to what the four products give; true. */
  readonly bias?: boolean;
  /** Share of the output's elements that is dropped while training; 0. */
  readonly dropout?: number;
  /** x is [B, T, F] instead of [T, B, F]. */
  readonly batchFirst?: boolean;
}

/** What is looked at, and how much of it. */
export interface AttentionRun {
  /** What keys and values are made of; the queries themselves where it is missing. */
  readonly memory?: Tensor;
  /** How many steps of `memory` each sequence of the batch has: whole numbers, or i32[B]. */
  readonly lengths?: Tensor | ArrayLike<number>;
  /** Broadcasts to [B, heads, Tq, Tk]. bool: true where a step may see another; f32: added, see the verb `attention`. */
  readonly mask?: Tensor;
}

/** A module of sequences, which can also be given a mask or lengths. */
export interface AttentionModule extends Module {
  /**
   * Attention with a mask, for sequences of different lengths, or from one sequence to another.
   * @throws ShapeError for x, masks and lengths that do not fit, DTypeError unless x is f32; ArgumentError for options that break
   *   their rules
   */
  run(x: Tensor, options?: AttentionRun): Tensor;
}

/**
 * Attention of several heads: queries, keys and values are products of x, heads are F / heads features of each, and what they
 * give is one product more. x: f32[T, B, features], the same shape out. Vaswani et al. 2017. A state dict has PyTorch's
 * names and layouts: in_proj_weight, in_proj_bias, out_proj.weight, out_proj.bias.
 * @throws ArgumentError where the heads do not divide the features
 */
export function multiHeadAttention(
  features: number,
  heads: number,
  options: MultiHeadAttentionOptions = {},
): AttentionModule {
  checkHeads("multiHeadAttention", features, heads);
  checkOptions("multiHeadAttention", options, {
    ...INITIALISE_RULES,
    causal: flag,
    bias: flag,
    dropout: number,
    batchFirst: flag,
  });
  const { initialise = xavierUniform, seed, causal = false, bias: hasBias = true } = options;
  const { dropout = 0, batchFirst = false } = options;
  checkProbability("multiHeadAttention", dropout);
  const key = keysOf(seed);
  // As PyTorch: the bound of all three as one matrix.
  const fans = { in: features, out: 3 * features };
  const name = "multiHeadAttention";
  const weight = parameter(
    `${name}.in_proj_weight`,
    [features, 3 * features],
    initialise,
    fans,
    key(0),
  );
  const zeros = constant(0);
  const bias = hasBias
    ? parameter(`${name}.in_proj_bias`, [3 * features], zeros, fans, key(1))
    : undefined;
  const out = linear(features, features, {
    bias: hasBias,
    initialiseBias: zeros,
    seed: key(2)[0],
  });
  const layout = {
    names: ["in_proj_weight"],
    permutation: [1, 0],
    shape: [3 * features, features],
  };

  /** Columns of the product from `first` on, `count` times `features`, as heads: [B, heads, T, D] each. */
  const project = (x: Tensor, first: number, count: number): Tensor[] => {
    const [B = 0, T = 0] = x.shape;
    const width = count * features;
    const columns = count === 3 ? weight : slice(weight, [0, first * features], [features, width]);
    const product = matmul(reshape(x, [B * T, features]), columns);
    const own = bias && (count === 3 ? bias : slice(bias, [first * features], [width]));
    const apart = reshape(own === undefined ? product : add(product, own), [
      B,
      T,
      count,
      heads,
      features / heads,
    ]);
    const order = transpose(apart, [2, 0, 3, 1, 4]);
    const shape = order.shape.slice(1);
    return Array.from({ length: count }, (_, i) =>
      reshape(slice(order, [i, 0, 0, 0, 0], [1, ...shape]), shape),
    );
  };

  const attend = (given: Tensor, run: AttentionRun, mode: Mode): Tensor => {
    const x = batchFirst ? given : transpose(given, [1, 0, 2]);
    const memory = run.memory && (batchFirst ? run.memory : transpose(run.memory, [1, 0, 2]));
    const [q, k, v] =
      memory === undefined ? project(x, 0, 3) : [...project(x, 0, 1), ...project(memory, 1, 2)];
    if (q === undefined || k === undefined || v === undefined) return x;
    checkMask(run.mask, q.shape, k.shape);
    const isSeen = maskOf(run, k);
    const seen = isSeen === undefined ? { causal } : { causal, mask: isSeen };
    const [B = 0, T = 0] = x.shape;
    const joined = reshape(transpose(attention(q, k, v, seen), [0, 2, 1, 3]), [B, T, features]);
    const y = out(joined);
    const dropped = mode.isTraining && dropout > 0 ? drop(y, dropout) : y;
    return batchFirst ? dropped : transpose(dropped, [1, 0, 2]);
  };

  const made = module(name, {
    description: `multiHeadAttention(${features}, ${heads} heads)`,
    timeAxis: batchFirst ? 1 : 0,
    made: [name, features, heads, lasting(options)],
    parameters: {
      in_proj_weight: { variable: weight, layout },
      ...(bias && { in_proj_bias: bias }),
    },
    children: { out_proj: out },
    forward(x, mode) {
      checkSequence(x, features);
      return attend(x, {}, mode);
    },
  });
  return Object.assign(made, {
    run(x: Tensor, options: AttentionRun = {}) {
      checkOptions(name, options, { memory: anything, lengths: anything, mask: anything });
      checkSequence(x, features);
      if (options.memory !== undefined)
        checkMemory(x, options.memory, features, batchFirst ? 0 : 1);
      const from = nextNodeId();
      const y = attend(x, options, made.mode);
      observe(made, y, from);
      return y;
    },
  });
}

function checkSequence(x: Tensor, features: number): void {
  checkTensor("multiHeadAttention", x);
  if (!(x.shape.length === 3 && x.shape[2] === features)) {
    throw new ShapeError(
      `multiHeadAttention: the input must be sequences of ${features} features, three dimensions; got ${describe(x.type)}. They are [T, B, features], or [B, T, features] with { batchFirst: true }; nn.embedding makes features of ids.`,
    );
  }
  checkFloats("multiHeadAttention", x);
}

function checkMemory(x: Tensor, memory: Tensor, features: number, batch: number): void {
  checkSequence(memory, features);
  if (memory.shape[batch] === x.shape[batch]) return;
  throw new ShapeError(
    `multiHeadAttention: memory must have as many sequences as x; got x ${describe(x.type)}, memory ${describe(memory.type)}. They are one batch.`,
  );
}

/** The mask against queries and keys, [B, heads, T, D] each. */
function checkMask(mask: Tensor | undefined, queries: Shape, keys: Shape): void {
  if (mask === undefined) return;
  checkTensor("multiHeadAttention", mask, "mask");
  checkDType("multiHeadAttention", "mask", mask, ["bool", "f32"]);
  const whole = [...queries.slice(0, -1), keys[2] ?? 0];
  const isFit =
    mask.shape.length <= whole.length &&
    mask.shape.every((n, d) => n === 1 || n === whole[whole.length - mask.shape.length + d]);
  if (isFit) return;
  throw new ShapeError(
    `multiHeadAttention: the mask must broadcast to [${whole.join(", ")}]; got ${describe(mask.type)}. It is [B, heads, Tq, Tk].`,
  );
}

/** What both the mask and the lengths let a query see. */
function maskOf({ mask, lengths }: AttentionRun, keys: Tensor): Tensor | undefined {
  const [B = 0, , T = 0, D = 0] = keys.shape;
  const given = asLengths("multiHeadAttention", lengths, [T, B, D]);
  if (given === undefined) return mask;
  if (given.shape.join() !== `${B}` || given.dtype !== "i32") {
    throw new ShapeError(
      `multiHeadAttention: lengths must be i32[${B}], one for each sequence; got ${describe(given.type)}. Make it tensor(Int32Array.from(lengths)), or take nn.lengthsOf(ids).`,
    );
  }
  const isThere = less(arange(T), reshape(given, [B, 1, 1, 1]));
  if (mask === undefined) return isThere;
  const isAdded = mask.dtype === "f32";
  return isAdded ? where(isThere, mask, Number.NEGATIVE_INFINITY) : and(mask, isThere);
}
