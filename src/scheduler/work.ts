import { type GraphValue, inputsOf, type Node, type OpNode, outputsOf } from "../graph/graph.ts";
import type { Combine, EpilogueActivation } from "./lowering.ts";
import type { ElementwiseProgram } from "./program.ts";

/** What a reduction is made of: ops that make its terms, the reductions, ops on their results. */
export interface ReductionParts {
  readonly before: readonly OpNode[];
  readonly reduces: readonly OpNode<"reduce">[];
  readonly behind: readonly OpNode[];
  readonly outs: readonly GraphValue[];
}

/** One op, perhaps with what follows it folded in. */
export interface OpWork {
  readonly kind: "op";
  readonly node: OpNode;
  readonly epilogue:
    | { readonly bias: GraphValue | undefined; readonly activation: EpilogueActivation | undefined }
    | undefined;
  /** The value that is stored: the node's own output, or that of the last op folded in. */
  readonly result: GraphValue | undefined;
  /** The sums of the right operand's columns, where they are made along the way. */
  readonly columnSums: GraphValue | undefined;
  /** What is done with the number that it makes; only ever set for sumOfSquares. */
  readonly finish: Finish | undefined;
  readonly order: number;
  readonly label: string;
}

/** Elementwise ops that run together, element by element. */
export interface ElementwiseWork {
  readonly kind: "elementwise";
  readonly nodes: readonly OpNode[];
  readonly program: ElementwiseProgram;
  readonly ins: readonly GraphValue[];
  readonly outs: readonly GraphValue[];
  readonly order: number;
  readonly label: string;
}

/** Elementwise ops on the numbers that a reduction makes. */
export interface Finish {
  readonly nodes: readonly OpNode[];
  /** Over one element; its inputs are the reduced numbers, then `numbers`. */
  readonly program: ElementwiseProgram;
  readonly numbers: readonly GraphValue[];
  readonly outs: readonly GraphValue[];
}

/** Reductions of whole tensors of one size to numbers, with elementwise ops before and behind them. */
export interface ReductionWork {
  readonly kind: "reduction";
  readonly parts: ReductionParts;
  /** How many terms each of them has. */
  readonly count: number;
  /** Makes the terms of every reduction, element by element, from `termIns`. */
  readonly terms: ElementwiseProgram;
  readonly termIns: readonly GraphValue[];
  readonly combines: readonly Combine[];
  readonly finish: Finish;
  readonly order: number;
  readonly label: string;
}

/** What becomes one or a few kernel calls. */
export type Work = OpWork | ElementwiseWork | ReductionWork;

export function readsOf(work: Work): readonly GraphValue[] {
  if (work.kind === "elementwise") return work.ins;
  if (work.kind === "reduction") return [...work.termIns, ...work.finish.numbers];
  const bias = work.epilogue?.bias;
  const own = bias === undefined ? inputsOf(work.node) : [...inputsOf(work.node), bias];
  return work.finish === undefined ? own : [...own, ...work.finish.numbers];
}

export function writesOf(work: Work): readonly GraphValue[] {
  if (work.kind === "elementwise") return work.outs;
  if (work.kind === "reduction") return work.finish.outs;
  const { node, result, columnSums, finish } = work;
  if (finish !== undefined) return finish.outs;
  const made = result === undefined ? outputsOf(node) : [result];
  return columnSums === undefined ? made : [...made, columnSums];
}

/** Ops that are another way to see their input. */
export function isAlias(node: Node): node is OpNode<"reshape" | "stopGradient" | "recompute"> {
  return node.op === "reshape" || node.op === "stopGradient" || node.op === "recompute";
}

/** The value whose elements `value` shares, all of them and in the same order. */
export function aliased(value: GraphValue): GraphValue {
  let base = value;
  for (let { node } = base; isAlias(node); { node } = base) base = node.ins.x;
  return base;
}

/** The value whose memory `value` may share, a part of it included. */
export function viewed(value: GraphValue): GraphValue {
  const known = bases.get(value);
  if (known !== undefined) return known;
  let base = value;
  for (let { node } = base; isAlias(node) || node.op === "slice"; { node } = base)
    base = bases.get(node.ins.x) ?? node.ins.x;
  if (base !== value) bases.set(value, base);
  return base;
}
/** Slices of slices are as many steps from their base as there are. */
const bases = new WeakMap<GraphValue, GraphValue>();
