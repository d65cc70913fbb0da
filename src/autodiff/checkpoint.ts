/**
 * Checkpoints (Griewank 1992, Chen et al. 2016): of a part of a graph only what goes in and what comes out is kept for
 * the backward pass, which computes the rest again. A region is known by the ids of its nodes, which follow each other.
 * Its copy reads everything from outside through `recompute`, so that no pass mistakes it for the first computation and
 * keeps that alive; the copy's nodes are younger than the gradients that were there before, so it runs when it is needed.
 */
import { emit, type GraphValue, type OpNode, outputsOf } from "../graph/graph.ts";
import { mapValues, outputPairs, rebuild } from "../graph/rebuild.ts";

const originals = new WeakMap<GraphValue, GraphValue>();

/** What `value` is a copy of, itself where it is none. */
export function originalOf(value: GraphValue): GraphValue {
  const original = originals.get(value);
  return original === undefined ? value : originalOf(original);
}

/** A region computed once more. */
export interface Copy {
  /** Every value of the region, with its copy. */
  readonly copies: ReadonlyMap<GraphValue, GraphValue>;
  /** Every value from outside that the region reads, with what the copy reads in its place. */
  readonly inputs: ReadonlyMap<GraphValue, GraphValue>;
}

/** Copies `members`, the nodes of one region in ascending order of their ids. */
export function computeAgain(members: readonly OpNode[]): Copy {
  const own = new Set(members.flatMap(outputsOf));
  const copies = new Map<GraphValue, GraphValue>();
  const inputs = new Map<GraphValue, GraphValue>();
  const read = (value: GraphValue): GraphValue => {
    if (own.has(value)) return copies.get(value) ?? value;
    const known = inputs.get(value) ?? (emit("recompute", { x: value }, {}).out as GraphValue);
    inputs.set(value, known);
    return known;
  };
  for (const node of members) {
    const again = rebuild(node, mapValues(node.ins, read));
    for (const [out, copy] of outputPairs(node, again)) {
      copies.set(out, copy);
      originals.set(copy, out);
    }
  }
  return { copies, inputs };
}
