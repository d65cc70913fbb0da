/**
 * Every op: inputs, outputs, attributes. One page on purpose; meaning, shape rule and gradient of an op are
 * in the file of its family. Letters: N batch, H height, W width, C channels, OC output channels,
 * KH × KW window, T steps, B batch of sequences, U hidden units, R rows, V table rows, D features.
 */
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { CellBody } from "./cells/body.ts";
import type { StepBody } from "./step-body.ts";

/** How many values a named input or output stands for. */
export type Arity = "one" | "many" | "optional";
type One = "one";
type Many = "many";
type Optional = "optional";

/** Elements of zero padding before and after a dimension. */
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
}
export interface Recurrence {
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Whether the gradient of every step's state is wanted too. */
  readonly flow: boolean;
}
export interface Rnn extends Recurrence {
  readonly activation: "tanh" | "relu";
}
/** How a cell is walked through a sequence. */
export interface Walk extends Recurrence {
  readonly cell: CellBody;
}
/** Layers that are walked together: one above the other, or side by side. */
export interface Layers {
  /** For each layer whether it goes from the last step to the first; the same for all that stand above each other. */
  readonly reverse: readonly boolean[];
}
export interface RnnLayers extends Layers {
  readonly activation: "tanh" | "relu";
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
  recompute: { inputs: { x: One }; outputs: { out: One }; attrs: None }; // x, but what reads it is not what reads x (autodiff/checkpoint.ts)
  broadcastTo: { inputs: { x: One }; outputs: { out: One }; attrs: { shape: Shape } };
  transpose: { inputs: { x: One }; outputs: { out: One }; attrs: { permutation: readonly number[] } }; // out dim d is x dim permutation[d]
  slice: { inputs: { x: One }; outputs: { out: One }; attrs: { starts: readonly number[]; sizes: Shape } };
  pad: { inputs: { x: One }; outputs: { out: One }; attrs: { padding: readonly Padding[] } }; // with zeros
  concat: { inputs: { xs: Many }; outputs: { out: One }; attrs: { axis: number } };
  pack: { inputs: { xs: Many }; outputs: { out: One }; attrs: None }; // one behind the other, see packed.ts; no one may read between them

  // Reductions
  reduce: { inputs: { x: One }; outputs: { out: One }; attrs: { fn: ReduceName; axes: readonly number[]; keepDims: boolean } };
  argmax: { inputs: { x: One }; outputs: { out: One }; attrs: { axis: number } }; // → i32, the first of equals

  // Linear algebra: [..., M, K] · [..., K, N], batch dimensions broadcast; transposed operands are stored [K, M], [N, K]
  matmul: { inputs: { a: One; b: One }; outputs: { out: One }; attrs: { transposeA: boolean; transposeB: boolean } };

  // Convolution: x [N, H, W, C], w [KH, KW, C / groups, OC] → [N, OH, OW, OC]
  conv2d: { inputs: { x: One; w: One }; outputs: { out: One }; attrs: Conv2d };
  conv2dInputGrad: { inputs: { g: One; w: One }; outputs: { out: One }; attrs: Conv2d & { inputShape: Shape } };
  conv2dFilterGrad: { inputs: { x: One; g: One }; outputs: { out: One }; attrs: Conv2d & { filterShape: Shape } };

  // Pooling: x [N, H, W, C] → [N, OH, OW, C]; index is i32, kh · KW + kw of the first maximum in its window
  maxPool2d: { inputs: { x: One }; outputs: { out: One; index: One }; attrs: Pool2d };
  maxPool2dGrad: { inputs: { g: One; index: One }; outputs: { out: One }; attrs: Pool2d & { inputShape: Shape } };
  maxPool2dGather: { inputs: { x: One; index: One }; outputs: { out: One }; attrs: Pool2d }; // x at each window's index
  avgPool2d: { inputs: { x: One }; outputs: { out: One }; attrs: Pool2d }; // divides by KH · KW: padding counts as zeros
  avgPool2dGrad: { inputs: { g: One }; outputs: { out: One }; attrs: Pool2d & { inputShape: Shape } };

  // Classification, over the last dimension; labels i32, a negative label ignores its row (loss and gradient 0)
  softmax: { inputs: { x: One }; outputs: { out: One }; attrs: None };
  logSoftmax: { inputs: { x: One }; outputs: { out: One }; attrs: None };
  crossEntropy: { inputs: { logits: One; labels: One }; outputs: { out: One }; attrs: None }; // [R, C], [R] → [R]
  crossEntropyGrad: { inputs: { logits: One; labels: One; g: One }; outputs: { out: One }; attrs: None }; // g [R] or [] → [R, C]

  // Embedding: table [V, D], ids i32[...] → [..., D]; ids below 0 read as zeros, those from V on as NaN; neither receives a gradient
  embedding: { inputs: { table: One; ids: One }; outputs: { out: One }; attrs: None };
  embeddingGrad: { inputs: { ids: One; g: One }; outputs: { out: One }; attrs: { rows: number } }; // → [V, D]

  // Recurrence, one layer over a whole sequence (ops/recurrent.ts). `projected` is x·W + b for all steps; gates lie
  // innermost. states, cells [T + 1, B, U] hold h and c around every step: step t leads from row t to row t + 1, with
  // `reverse` from row t + 1 to row t, and the first row of the walk is h0, c0. lengths i32[B]: from step lengths[b] on
  // row b keeps its state. With `flow` the gradient also gives ∂loss/∂h_t and ∂loss/∂c_t, [T, B, U].
  rnn: { inputs: { projected: One; recurrent: One; h0: One; lengths: Optional }; outputs: { states: One }; attrs: Rnn }; // [T, B, U], [U, U]
  rnnGrad: {
    inputs: { recurrent: One; states: One; gY: One; lengths: Optional };
    outputs: { gProjected: One; gH0: One; gH: Optional };
    attrs: Rnn;
  };
  // Gates i f g o, activated, overwrite `projected` [T, B, U, 4]; recurrent is [U, U, 4] as [k][unit][gate].
  lstm: {
    inputs: { projected: One; recurrent: One; h0: One; c0: One; lengths: Optional };
    outputs: { states: One; cells: One; gates: One };
    attrs: Recurrence;
  };
  lstmGrad: {
    inputs: { recurrent: One; cells: One; gates: One; gY: One; gCells: Optional; lengths: Optional };
    outputs: { gProjected: One; gH0: One; gC0: One; gH: Optional; gC: Optional }; // gProjected overwrites `gates`
    attrs: Recurrence;
  };
  // Gates r z n of projected [T, B, U, 3] and recurrent [U, U, 3]; bias [U] is that of h·R in n. The tape `gates`
  // [T, B, U, 4] is r z n m, where m = h·R_n + bias. gSums [T, B, U, 3] is the gradient of h·R.
  gru: {
    inputs: { projected: One; recurrent: One; bias: One; h0: One; lengths: Optional };
    outputs: { states: One; gates: One };
    attrs: Recurrence;
  };
  gruGrad: {
    inputs: { recurrent: One; states: One; gates: One; gY: One; lengths: Optional };
    outputs: { gProjected: One; gSums: One; gH0: One; gH: Optional };
    attrs: Recurrence;
  };

  // L such layers at once (ops/recurrent-layers.ts): each list has one for every layer. Side by side there are L of `projected`;
  // one above the other there is that of the lowest, and `input` [U, U, gates] and `bias` [U, gates] of each but the
  // lowest, which takes the states below it. gY and gCells are those of the topmost layers, as many as are given.
  rnnLayers: {
    inputs: { projected: Many; recurrent: Many; input: Many; bias: Many; h0: Many; lengths: Optional };
    outputs: { states: Many };
    attrs: RnnLayers;
  };
  rnnLayersGrad: {
    inputs: { recurrent: Many; input: Many; states: Many; gY: Many; lengths: Optional };
    outputs: { gProjected: Many; gH0: Many };
    attrs: RnnLayers;
  };
  lstmLayers: {
    inputs: { projected: Many; recurrent: Many; input: Many; bias: Many; h0: Many; c0: Many; lengths: Optional };
    outputs: { states: Many; cells: Many; gates: Many };
    attrs: Layers;
  };
  lstmLayersGrad: {
    inputs: { recurrent: Many; input: Many; cells: Many; gates: Many; gY: Many; gCells: Many; lengths: Optional };
    outputs: { gProjected: Many; gH0: Many; gC0: Many };
    attrs: Layers;
  };
  gruLayers: {
    inputs: { projected: Many; recurrent: Many; input: Many; bias: Many; candidateBias: Many; h0: Many; lengths: Optional };
    outputs: { states: Many; gates: Many };
    attrs: Layers;
  };
  gruLayersGrad: {
    inputs: { recurrent: Many; input: Many; states: Many; gates: Many; gY: Many; lengths: Optional };
    outputs: { gProjected: Many; gSums: Many; gH0: Many };
    attrs: Layers;
  };

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
    attrs: Walk & { watched: readonly number[] };
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
/** Layers that are walked together where a device gains by it; elsewhere they become the ops of their composite. */
export type LayersOp =
  | "rnnLayers"
  | "rnnLayersGrad"
  | "lstmLayers"
  | "lstmLayersGrad"
  | "gruLayers"
  | "gruLayersGrad";
/** A cell's walks: where a device has none for a cell, the loop that they mean takes their place. */
export type WalkOp = "recurrence" | "recurrenceGrad";
/** Ops that are named for their shape rule, gradient and errors, and have no kernel anywhere: a plan has what they mean. */
export const expressionOps = {
  softmax: true,
  logSoftmax: true,
  crossEntropy: true,
  crossEntropyGrad: true,
} as const;
export type ExpressionOp = keyof typeof expressionOps;
/** Ops that have a kernel of their own on the reference device: the others are made of these. */
export type KernelOp = Exclude<OpName, "scan" | WalkOp | LayersOp | ExpressionOp>;
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
