import { dependents, type GraphValue, type Node } from "../graph/graph.ts";

/** The f32 values that depend on one of `wrt`, those of them included. `nodes` in the order of their ids. */
export function activeValues(
  nodes: readonly Node[],
  wrt: ReadonlySet<GraphValue>,
): Set<GraphValue> {
  return dependents(nodes, [...wrt].filter(isFloat), isFloat);
}

const isFloat = ({ type }: GraphValue) => type.dtype === "f32";
