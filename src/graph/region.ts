/** A part of a graph of which nothing is kept for the gradient (autodiff/checkpoint.ts). */
import { type GraphValue, nextNodeId, type OpNode, reachable } from "./graph.ts";

/** Nodes with ids from `first` up to, not including, `end`. */
export interface Region {
  readonly first: number;
  readonly end: number;
}

const regions = new WeakMap<object, Region>();

/** Marks what `body` computes: `valuesIn` finds the values in its result. */
export function markRegion<R>(body: () => R, valuesIn: (result: R) => readonly GraphValue[]): R {
  const first = nextNodeId();
  const result = body();
  const region = { first, end: nextNodeId() };
  for (const node of reachable(valuesIn(result))) {
    // Of regions within regions the outermost counts: it is marked last.
    if (node.id >= first) regions.set(node, region);
  }
  return result;
}

export function regionOf(node: OpNode): Region | undefined {
  return regions.get(node);
}
