/**
 * Every op: inputs, outputs, attributes. One page on purpose; meaning, shape rule and gradient of an op are
 * in the file of its family. Letters: N batch, H height, W width, C channels, OC output channels,
 * KH × KW window, T steps, Tq queries, Tk keys, B batch of sequences, U hidden units, R rows, V table rows, D features.
 */
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { CellBody, CellGradient } from "./cells/body.ts";
import type { GradientRule } from "./gradient-rule.ts";
import type { StepBody } from "./step-body.ts";

/** How many values a named input or output stands for. */
export type Arity = "one" | "many" | "optional";
type One = "one";
type Many = "many";
type Optional = "optional";

/** Elements of padding before and after a dimension. */
export type Padding = readonly [before: number, after: number];

export interface Window2d {
  /** Rows and columns from one window to the next. */
  readonly stride: readonly [number, number];
  /** Zeros added around rows and columns. */
  readonly padding: readonly [rows: Padding, columns: Padding];
}
export interface Conv2d extends Window2d {
  /** Groups of channels that are convolved apart: output channel oc reads group ⌊oc / (OC / groups)⌋ of the input. */
  readonly groups: number;
}
export interface Pool2d extends Window2d {
  readonly window: readonly [number, number];
  /** From one cell of a window to the next; 1. */
  readonly dilation?: readonly [number, number];
  /**
   * As many windows instead, uneven where that does not divide the size n: window i of m goes from ⌊i · n / m⌋ to ⌈(i + 1) ·
   * n / m⌉. `window` is at least the widest, the stride 1, there is no padding.
   */
  readonly bins?: readonly [number, number];
}
interface Recurrence {
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Whether the gradient of every step's state is wanted too. */
  readonly flow: boolean;
}
/** How a cell is walked through a sequence. */
interface Walk extends Recurrence {
  readonly cell: CellBody;
}
export interface Attention {
  /** Whether query i sees keys 0 … i + Tk − Tq only. */
  readonly causal: boolean;
  /** By which products are multiplied. */
  readonly scale: number;
}
export type ReduceName = "sum" | "mean" | "max" | "min";
/** Scalar functions: what they mean is in scalars-unary.ts and scalars-binary.ts. */
// biome-ignore format: one page of names
export type UnaryName =
  | "neg" | "abs" | "sign" | "exp" | "log" | "sqrt" | "reciprocal" | "square" | "sin" | "cos" | "tanh" | "sigmoid"
  | "relu" | "gelu" | "erf" | "softplus" | "floor" | "ceil" | "not" | "isFinite";

// biome-ignore format: one page of names
export type BinaryName =
  | "add" | "sub" | "mul" | "div" | "pow" | "max" | "min"
  | "less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual" | "and" | "or";

type None = Record<never, never>;

// biome-ignore format: one page, one line an op
export interface Vocabulary {
  // Sources
  literal: { inputs: None; outputs: { out: One }; attrs: { value: number; dtype: DType } }; // → []
  iota: { inputs: None; outputs: { out: One }; attrs: { length: number; dtype: DType } }; // → [length] 0, 1, 2 …
  uniform: { inputs: { key: One }; outputs: { out: One }; attrs: { shape: Shape; stream: number } }; // u32[2] → f32 in [0, 1)

  // Elementwise; the fused programs of the scheduler are made of these
  unary: { inputs: { x: One }; outputs: { out: One }; attrs: { fn: UnaryName } };
  binary: { inputs: { a: One; b: One }; outputs: { out: One }; attrs: { fn: BinaryName } }; // broadcasts
  where: { inputs: { condition: One; a: One; b: One }; outputs: { out: One }; attrs: None }; // broadcasts
  cast: { inputs: { x: One }; outputs: { out: One }; attrs: { dtype: DType } };

  // Movement
  reshape: { inputs: { x: One }; outputs: { out: One }; attrs: { shape: Shape } };
  stopGradient: { inputs: { x: One }; outputs: { out: One }; attrs: None };
  withGradient: { inputs: { x: One; of: Many }; outputs: { out: One }; attrs: { rule: GradientRule } }; // x, differentiated by a rule, as a function of `of`
  recompute: { inputs: { x: One }; outputs: { out: One }; attrs: None }; // x, but what reads it is not what reads x (autodiff/checkpoint.ts)
  broadcastTo: { inputs: { x: One }; outputs: { out: One }; attrs: { shape: Shape } };
  transpose: { inputs: { x: One }; outputs: { out: One }; attrs: { permutation: readonly number[] } }; // out dim d is x dim permutation[d]
  flip: { inputs: { x: One }; outputs: { out: One }; attrs: { axes: readonly number[] } }; // from the last element to the first
  slice: { inputs: { x: One }; outputs: { out: One }; attrs: { starts: readonly number[]; sizes: Shape } };
  pad: { inputs: { x: One }; outputs: { out: One }; attrs: { padding: readonly Padding[] } }; // with zeros
  concat: { inputs: { xs: Many }; outputs: { out: One }; attrs: { axis: number } };
  pack: { inputs: { xs: Many }; outputs: { out: One }; attrs: None }; // one behind the other, see packed.ts; no one may read between them

  // Reductions
  reduce: { inputs: { x: One }; outputs: { out: One }; attrs: { fn: ReduceName; axes: readonly number[]; keepDims: boolean } };
  argmax: { inputs: { x: One }; outputs: { out: One }; attrs: { axis: number } }; // → i32, the first of equals
  argsort: { inputs: { x: One }; outputs: { out: One }; attrs: { descending: boolean; first?: number } }; // x [R, n] → i32 [R, first], where the first elements of a row (all of them where left out), in order, are; stable, NaN the largest

  // Linear algebra: [..., M, K] · [..., K, N], batch dimensions broadcast; transposed operands are stored [K, M], [N, K]
  matmul: { inputs: { a: One; b: One }; outputs: { out: One }; attrs: { transposeA: boolean; transposeB: boolean } };

  // Attention: q [..., Tq, D], k [..., Tk, D], v [..., Tk, E]; mask, bool (true where a query sees a key) or f32 (added to the
  // products; a key is hidden at −1e30 and below), broadcasts to [..., Tq, Tk]. lse [..., Tq]; stats [2, ..., Tq], lse and Σ g · out; g as out [..., Tq, E].
  attention: { inputs: { q: One; k: One; v: One; mask: Optional }; outputs: { out: One; lse: One }; attrs: Attention };
  attentionGrad: { inputs: { q: One; k: One; v: One; mask: Optional; stats: One; g: One }; outputs: { gQ: One; gK: One; gV: One }; attrs: Attention };

  // Convolution: x [N, H, W, C], w [KH, KW, C / groups, OC] → [N, OH, OW, OC]
  conv2d: { inputs: { x: One; w: One }; outputs: { out: One }; attrs: Conv2d };
  conv2dInputGrad: { inputs: { g: One; w: One }; outputs: { out: One }; attrs: Conv2d & { inputShape: Shape } };
  conv2dFilterGrad: { inputs: { x: One; g: One }; outputs: { out: One }; attrs: Conv2d & { filterShape: Shape } };

  // Pooling: x [N, H, W, C] → [N, OH, OW, C]; index is i32, kh · KW + kw of the first maximum in its window
  maxPool2d: { inputs: { x: One }; outputs: { out: One; index: One }; attrs: Pool2d };
  maxPool2dGrad: { inputs: { g: One; index: One }; outputs: { out: One }; attrs: Pool2d & { inputShape: Shape } };
  maxPool2dGather: { inputs: { x: One; index: One }; outputs: { out: One }; attrs: Pool2d }; // x at each window's index
  avgPool2d: { inputs: { x: One }; outputs: { out: One }; attrs: Pool2d }; // divides by KH · KW: padding counts as zeros; a bin by its cells
  avgPool2dGrad: { inputs: { g: One }; outputs: { out: One }; attrs: Pool2d & { inputShape: Shape } };

  // Embedding: table [V, D], of f32 or whole numbers, ids i32[...] → [..., D]; ids below 0 read as zeros, those from V on as NaN; neither receives a gradient
  embedding: { inputs: { table: One; ids: One }; outputs: { out: One }; attrs: None };
  embeddingGrad: { inputs: { ids: One; g: One }; outputs: { out: One }; attrs: { rows: number } }; // → [V, D]

  // One layer of a cell (ops/cells) over a whole sequence, of I inputs, G sums, S states, V vectors, K numbers on its tape.
  // `projected` is x·W + b of all steps [T, B, U, I]; recurrent [U, U, G] as [k][unit][sum]; states [T + 1, B, U] are those
  // around every step: step t leads from row t to row t + 1, with `reverse` from row t + 1 to row t. lengths i32[B]: from
  // step lengths[b] on row b keeps its state, and its tape is 0. `gStates` are those of the `watched` states; with `flow` the gradient also
  // gives ∂loss/∂state_t of every state, [T, B, U]. gVectors [T, B, U, own] are summed outside.
  recurrence: {
    inputs: { projected: One; recurrent: Optional; vectors: Many; initial: Many; lengths: Optional };
    outputs: { states: Many; tape: Optional }; // tape [T, B, U, K]
    attrs: Walk;
  };
  recurrenceGrad: {
    inputs: { recurrent: Optional; vectors: Many; states: Many; tape: Optional; gStates: Many; lengths: Optional };
    outputs: { gProjected: One; gSums: Optional; gVectors: Optional; gInitial: Many; flow: Many }; // gSums [T, B, U, G] where they differ
    attrs: Walk & { cell: CellGradient; watched: readonly number[] };
  };

  // A loop over time: (carry, y_t) = body(carry, x_t, captured) for t = 0 … steps-1, or from the last to the first.
  // xs and ys are [steps, ...], a step's slice of each; the carry that is given is overwritten by the last.
  scan: {
    inputs: { carry: Many; xs: Many; captured: Many };
    outputs: { carry: Many; ys: Many };
    attrs: { body: StepBody; steps: number; reverse: boolean };
  };
}

export type OpName = keyof Vocabulary;
/** A cell's walks: where a device has none for a cell, the loop that they mean takes their place. */
export type WalkOp = "recurrence" | "recurrenceGrad";
/** Attention: where a device has no kernel, or gains nothing by it, the products that it means take its place. */
export type AttentionOp = "attention" | "attentionGrad";
/** Ops that have a kernel of their own on the reference device: the others are made of these. */
export type KernelOp = Exclude<OpName, "scan" | WalkOp | AttentionOp>;
export type Attrs<K extends OpName> = Readonly<Vocabulary[K]["attrs"]>;

type Held<A, T> = A extends "many" ? readonly T[] : A extends "optional" ? T | undefined : T;
/** A T for every input of op K. */
export type ByInput<K extends OpName, T> = {
  readonly [I in keyof Vocabulary[K]["inputs"]]: Held<Vocabulary[K]["inputs"][I], T>;
};
/** A T for every output of op K. */
export type ByOutput<K extends OpName, T> = {
  readonly [O in keyof Vocabulary[K]["outputs"]]: Held<Vocabulary[K]["outputs"][O], T>;
};
