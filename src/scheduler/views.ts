/**
 * Ops that show elements of a tensor in another order, some of them, or them among zeros. Where only groups read them they
 * are a way of reading, and no work at all.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import type { Attrs } from "../ops/vocabulary.ts";
import { type Shape, sameShape, sizeOf, stridesOf } from "../tensor/shape.ts";
import type { View } from "./group-program.ts";
import type { DeviceTraits } from "./lowering.ts";
import { aliased } from "./work.ts";

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

/** The source is what is not looked through, as `isThrough` tells of views: of `node` it does. */
export function viewOf(node: ViewNode, isThrough: (node: OpNode) => boolean): Shown & Lie {
  if (node.op !== "pad") return { ...lieOf(node.outs.out, isThrough), within: [] };
  const { x } = node.ins;
  const { source, offset, strides } = lieOf(x, isThrough);
  const padded = paddedView(x.type.shape, node.attrs.padding, strides);
  return { ...padded, source, offset: offset + padded.offset };
}

interface Lie extends View {
  readonly source: GraphValue;
}

/** Where the elements of a value lie in what is there: views of views are looked through. */
function lieOf(value: GraphValue, isThrough: (node: OpNode) => boolean): Lie {
  const { node, type } = value;
  const isShown = (node.op === "slice" || node.op === "transpose") && isThrough(node);
  if (!isShown && !isRenamed(node))
    return { source: aliased(value), offset: 0, strides: stridesOf(type.shape) };
  const { x } = node.ins;
  const { source, offset, strides } = lieOf(x, isThrough);
  if (node.op === "slice")
    return { source, offset: offset + offsetOf(node.attrs.starts, strides), strides };
  const long = strides.filter((_, d) => x.type.shape[d] !== 1);
  const own =
    node.op === "transpose"
      ? node.attrs.permutation.map((d) => strides[d] ?? 0)
      : type.shape.map((size) => (size === 1 ? 0 : (long.shift() ?? 0)));
  return { source, offset, strides: own };
}

/** Whether a node only puts in or leaves out dimensions of size 1. */
function isRenamed(node: GraphValue["node"]): node is OpNode<"reshape"> {
  const long = (sizes: Shape) => sizes.filter((size) => size !== 1);
  return node.op === "reshape" && sameShape(long(node.ins.x.type.shape), long(node.attrs.shape));
}

/** A tensor of `shape` among zeros, contiguous where nothing is said. */
export function paddedView(
  shape: Shape,
  padding: Attrs<"pad">["padding"],
  strides: readonly number[] = stridesOf(shape),
): Shown {
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
 * The views among `nodes` that are read where they lie: by elementwise ops and reductions alone, as `isRead` tells, or by
 * other such views. One in another order by a single op: each reader of it reads slowly, and a copy costs that only once.
 */
export function viewsOf(
  nodes: readonly OpNode[],
  users: ReadonlyMap<GraphValue, readonly OpNode[]>,
  kept: ReadonlySet<GraphValue>,
  isRead: (reader: OpNode) => boolean,
  { groups }: DeviceTraits,
): Set<OpNode> {
  /** Those that are: how many read each in the end, and how many views are looked through to the last of them. */
  const views = new Map<OpNode, { readonly count: number; readonly depth: number }>();
  /** Those that read it, by that or another name. */
  const readersOf = ({ outs: { out } }: ViewNode | OpNode<"reshape">): OpNode[] =>
    (users.get(out) ?? []).flatMap((reader) =>
      isRenamed(reader) && !kept.has(reader.outs.out) ? readersOf(reader) : [reader],
    );
  for (const node of nodes.filter(isView).reverse()) {
    const { out } = node.outs;
    const isPad = node.op === "pad";
    if (isPad && !(groups.readsBeyond && sizeOf(node.ins.x.type.shape) > 0)) continue;
    if (kept.has(out) || sizeOf(out.type.shape) === 0) continue;
    let [count, depth, isShown] = [0, 1, true];
    for (const reader of readersOf(node)) {
      const behind = views.get(reader);
      // Nothing behind a pad sees its zeros.
      const isPassed = behind !== undefined && !isPad && !isFar(node) && !isFar(reader);
      count += isPassed ? behind.count : 1;
      if (isPassed) depth = Math.max(depth, 1 + behind.depth);
      else isShown &&= isRead(reader);
    }
    if (isShown && depth <= MAX_VIEWS && (node.op !== "transpose" || count === 1))
      views.set(node, { count, depth });
  }
  return new Set(views.keys());
}

/** So many views are looked through at most: what is done for each of a long chain is done for its readers, too. */
const MAX_VIEWS = 8;

/**
 * Whether what lies side by side gets far apart, as channels do in front of rows and columns. It is gathered in blocks of
 * whole rows and columns, of which a part is none (2.4 times as long on the cpu).
 */
function isFar(node: OpNode): boolean {
  const { permutation = [] } = node.op === "transpose" ? node.attrs : {};
  return permutation.indexOf(permutation.length - 1) < permutation.length - 2;
}
