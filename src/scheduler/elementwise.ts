import type { GraphValue, OpNode } from "../graph/graph.ts";
import type { UnaryName } from "../ops/scalars.ts";

type ElementwiseNode = OpNode<"unary" | "binary" | "where" | "cast" | "literal" | "broadcastTo">;

/**
 * The most ops of one program: drivers take longer than linear to compile a long one, and a chain that is written and read
 * once in so many ops is bound by what it computes.
 */
export const MAX_OPS = 256;

/** Ops that elementwise programs are made of; a broadcast is a way of reading. */
export function isElementwise(node: OpNode): node is ElementwiseNode {
  switch (node.op) {
    case "unary":
    case "binary":
    case "where":
    case "cast":
    case "literal":
    case "broadcastTo":
      return true;
    default:
      return false;
  }
}

/** Ops that cost no more than reading what they give; a view and what is free cost nothing. */
export function isCheap(node: OpNode): boolean {
  switch (node.op) {
    case "unary":
      return CHEAP.has(node.attrs.fn);
    case "binary":
      return node.attrs.fn !== "pow" && node.attrs.fn !== "div";
    default:
      return isElementwise(node);
  }
}
const CHEAP: ReadonlySet<UnaryName> = new Set(["neg", "abs", "square", "relu", "not", "isFinite"]);

export function throughBroadcasts(value: GraphValue): GraphValue {
  let { node } = value;
  let source = value;
  while (node.op === "broadcastTo") {
    source = node.ins.x;
    node = source.node;
  }
  return source;
}

export function nameOf(node: OpNode): string {
  return node.op === "unary" || node.op === "binary" ? node.attrs.fn : node.op;
}
