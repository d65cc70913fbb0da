/**
 * Ops that show elements of a tensor in another order, some of them, or them among zeros. Where only groups read them they
 * are a way of reading, and no work at all.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { bytesOf, sizeOf, stridesOf } from "../tensor/shape.ts";
import type { View } from "./group-program.ts";
import type { DeviceTraits } from "./lowering.ts";

export type ViewNode = OpNode<"transpose" | "slice" | "pad">;

export function isView(node: OpNode): node is ViewNode {
  return node.op === "transpose" || node.op === "slice" || node.op === "pad";
}

/** Along one dimension of what is shown: where the source lies in it. Before and behind are zeros. */
export interface Extent {
  readonly dimension: number;
  readonly start: number;
  readonly size: number;
}

/** Where the elements that `node` shows lie in its source; of a pad some of those places are none of the source's. */
export function viewOf(node: ViewNode): View & { readonly within: readonly Extent[] } {
  const { shape } = node.ins.x.type;
  const strides = stridesOf(shape);
  const from = (starts: readonly number[]) =>
    starts.reduce((at, start, d) => at + start * (strides[d] ?? 0), 0);
  if (node.op === "transpose") {
    const permuted = node.attrs.permutation.map((d) => strides[d] ?? 0);
    return { offset: 0, strides: permuted, within: [] };
  }
  if (node.op === "slice") return { offset: from(node.attrs.starts), strides, within: [] };
  const { padding } = node.attrs;
  const within = padding.flatMap(([before, after], dimension) =>
    before + after === 0 ? [] : [{ dimension, start: before, size: shape[dimension] ?? 0 }],
  );
  return { offset: from(padding.map(([before]) => -before)), strides, within };
}

/** Whether groups of a device read a pad where it lies. */
function isMasked(node: OpNode<"pad">, { groups, maxRegionBytes }: DeviceTraits): boolean {
  if (groups.readsBeyond !== true || sizeOf(node.ins.x.type.shape) === 0) return false;
  return bytesOf(node.outs.out.type) <= maxRegionBytes;
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
  traits: DeviceTraits,
): Set<OpNode> {
  const views = nodes.filter(isView).filter((node) => {
    if (node.op === "pad" && !isMasked(node, traits)) return false;
    const { out } = node.outs;
    const readers = users.get(out) ?? [];
    const isFew = node.op !== "transpose" || readers.length === 1;
    return isFew && !kept.has(out) && sizeOf(out.type.shape) > 0 && readers.every(isRead);
  });
  return new Set(views);
}
