/**
 * Ops that show elements of a tensor in another order, or some of them. Where only groups read them they are a way of
 * reading, and no work at all.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { sizeOf, stridesOf } from "../tensor/shape.ts";
import type { View } from "./group-program.ts";

export type ViewNode = OpNode<"transpose" | "slice">;

export function isView(node: OpNode): node is ViewNode {
  return node.op === "transpose" || node.op === "slice";
}

/** Where the elements that `node` shows lie in its source. */
export function viewOf(node: ViewNode): View {
  const strides = stridesOf(node.ins.x.type.shape);
  if (node.op === "transpose")
    return { offset: 0, strides: node.attrs.permutation.map((d) => strides[d] ?? 0) };
  const { starts } = node.attrs;
  return { offset: starts.reduce((at, start, d) => at + start * (strides[d] ?? 0), 0), strides };
}

/**
 * The views among `nodes` that are read where they lie: by elementwise ops and reductions alone, as `isRead` tells. One in
 * another order by a single op: each reader of it reads slowly, and a copy costs that only once.
 */
export function viewsOf(
  nodes: readonly OpNode[],
  users: ReadonlyMap<GraphValue, readonly OpNode[]>,
  kept: ReadonlySet<GraphValue>,
  isRead: (reader: OpNode) => boolean,
): Set<OpNode> {
  const views = nodes.filter(isView).filter((node) => {
    const { out } = node.outs;
    const readers = users.get(out) ?? [];
    const isFew = node.op === "slice" || readers.length === 1;
    return isFew && !kept.has(out) && sizeOf(out.type.shape) > 0 && readers.every(isRead);
  });
  return new Set(views);
}
