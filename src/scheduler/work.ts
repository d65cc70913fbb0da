import {
  flatten,
  type GraphValue,
  inputsOf,
  type Node,
  type OpNode,
  outputsOf,
} from "../graph/graph.ts";
import { ops } from "../ops/table.ts";
import type { WalkOp } from "../ops/vocabulary.ts";
import type { GroupProgram } from "./group-program.ts";
import type { Epilogue } from "./lowering.ts";
import type { Space } from "./space.ts";
import { sitesOf, type WalkedLayer } from "./walk-layers.ts";

/** One op, perhaps with what it hosts. */
export interface OpWork {
  readonly kind: "op";
  readonly node: OpNode;
  readonly epilogue: Epilogue<GraphValue> | undefined;
  /** What is stored in the place of `out`, where that is not what the node gives. */
  readonly result: GraphValue | undefined;
  /** The sums of the right operand's columns, where they are made along the way. */
  readonly columnSums: GraphValue | undefined;
  readonly order: number;
  readonly label: string;
}

/** An op on its own, whose results are stored as they are. */
export function plainWork(node: OpNode): OpWork {
  const nothing = { epilogue: undefined, result: undefined, columnSums: undefined };
  return { kind: "op", node, ...nothing, order: node.id, label: node.op };
}

/** Elementwise ops and reductions that run together, over one space. */
export interface GroupWork {
  readonly kind: "group";
  readonly space: Space;
  readonly nodes: readonly OpNode[];
  readonly program: GroupProgram;
  readonly ins: readonly GraphValue[];
  readonly outs: readonly GraphValue[];
  /** Why what reads its results is no part of it; "" where nobody has said so. */
  readonly end: string;
  readonly order: number;
  readonly label: string;
}

/** Recurrent layers that are walked together, and the products between them. */
export interface WalksWork {
  readonly kind: "walks";
  readonly op: WalkOp;
  /** Side by side, or one above the other, the lowest first. */
  readonly layers: readonly WalkedLayer[];
  readonly order: number;
  readonly label: string;
}

/** What becomes one or a few kernel calls. */
export type Work = OpWork | GroupWork | WalksWork;

export function readsOf(work: Work): readonly GraphValue[] {
  if (work.kind === "group") return work.ins;
  if (work.kind === "walks") {
    const { inputs } = ops[work.op];
    return sitesOf(work.layers).flatMap(({ site, below }) => [
      ...flatten<GraphValue>(inputs, site.ins),
      ...(below ? [below.input, ...(below.bias ? [below.bias] : [])] : []),
    ]);
  }
  const own = inputsOf(work.node);
  const more = work.epilogue?.ins.flatMap((value) => value ?? []) ?? [];
  return more.length === 0 ? own : [...own, ...more];
}

export function writesOf(work: Work): readonly GraphValue[] {
  if (work.kind === "group") return work.outs;
  if (work.kind === "walks") return work.layers.flatMap(({ node }) => outputsOf(node));
  const { node, result, columnSums, epilogue } = work;
  // An op that hosts has one result that it does something with, its first.
  const [, ...others] = outputsOf(node);
  const made = result === undefined ? outputsOf(node) : [result, ...others];
  return [...made, ...(epilogue?.more ?? []), ...(columnSums === undefined ? [] : [columnSums])];
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

/** All values whose memory `value` may share: what it is a view of, and what that packs. */
export function rootsOf(value: GraphValue): readonly GraphValue[] {
  const base = viewed(value);
  return base.node.op === "pack" ? [base, ...base.node.ins.xs.flatMap(rootsOf)] : [base];
}
