/**
 * Ops that show elements of a tensor in another order, some of them, or them among zeros. Where only groups read them they
 * are a way of reading, and no work at all.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import type { Attrs } from "../ops/vocabulary.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";
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

/** Where the elements that a view shows lie in its source; of a pad some of those places are none of the source's. */
export interface Shown extends View {
  readonly within: readonly Extent[];
}

export function viewOf(node: ViewNode): Shown {
  const { shape } = node.ins.x.type;
  if (node.op === "pad") return paddedView(shape, node.attrs.padding);
  const strides = stridesOf(shape);
  if (node.op === "transpose") {
    const permuted = node.attrs.permutation.map((d) => strides[d] ?? 0);
    return { offset: 0, strides: permuted, within: [] };
  }
  return { offset: offsetOf(node.attrs.starts, strides), strides, within: [] };
}

/** A contiguous tensor of `shape` among zeros. */
export function paddedView(shape: Shape, padding: Attrs<"pad">["padding"]): Shown {
  const strides = stridesOf(shape);
  const within = padding.flatMap(([before, after], dimension) =>
    before + after === 0 ? [] : [{ dimension, start: before, size: shape[dimension] ?? 0 }],
  );
  const starts = padding.map(([before]) => -before);
  return { offset: offsetOf(starts, strides), strides, within, reachesBeyond: true };
}

/** The places along an extent, from its start; without a sign those before it are as far off as those behind. */
export function placesIn({ dimension, start }: Extent, shape: Shape): View {
  return { offset: -start, strides: shape.map((_, d) => (d === dimension ? 1 : 0)) };
}

function offsetOf(starts: readonly number[], strides: readonly number[]): number {
  return starts.reduce((at, start, d) => at + start * (strides[d] ?? 0), 0);
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
  { groups }: DeviceTraits,
): Set<OpNode> {
  const views = nodes.filter(isView).filter((node) => {
    const isThere = sizeOf(node.ins.x.type.shape) > 0;
    if (node.op === "pad" && !(groups.readsBeyond && isThere)) return false;
    const { out } = node.outs;
    const readers = users.get(out) ?? [];
    const isFew = node.op !== "transpose" || readers.length === 1;
    return isFew && !kept.has(out) && sizeOf(out.type.shape) > 0 && readers.every(isRead);
  });
  return new Set(views);
}
