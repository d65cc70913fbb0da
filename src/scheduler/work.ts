import { type GraphValue, inputsOf, type Node, type OpNode, outputsOf } from "../graph/graph.ts";
import type { EpilogueActivation } from "./lowering.ts";
import type { ElementwiseProgram } from "./program.ts";

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

/** What becomes one or a few kernel calls. */
export type Work = OpWork | ElementwiseWork;

export function readsOf(work: Work): readonly GraphValue[] {
  if (work.kind === "elementwise") return work.ins;
  const bias = work.epilogue?.bias;
  return bias === undefined ? inputsOf(work.node) : [...inputsOf(work.node), bias];
}

export function writesOf(work: Work): readonly GraphValue[] {
  if (work.kind === "elementwise") return work.outs;
  const { node, result, columnSums } = work;
  const made = result === undefined ? outputsOf(node) : [result];
  return columnSums === undefined ? made : [...made, columnSums];
}

/** Ops that are another way to see their input. */
export function isAlias(node: Node): node is OpNode<"reshape" | "stopGradient" | "recompute"> {
  return node.op === "reshape" || node.op === "stopGradient" || node.op === "recompute";
}

/** The value whose elements `value` shares, all of them and in the same order. */
export function aliased(value: GraphValue): GraphValue {
  const { node } = value;
  return isAlias(node) ? aliased(node.ins.x) : value;
}

/** The value whose memory `value` may share, a part of it included. */
export function viewed(value: GraphValue): GraphValue {
  const { node } = value;
  return isAlias(node) || node.op === "slice" ? viewed(node.ins.x) : value;
}
