import { type GraphValue, inputsOf, type Node, outputsOf } from "../graph/graph.ts";

/** The f32 values that depend on one of `wrt`, themselves included. `nodes` in the order of their ids. */
export function dependents(nodes: readonly Node[], wrt: ReadonlySet<GraphValue>): Set<GraphValue> {
  const active = new Set<GraphValue>(wrt);
  for (const node of nodes) {
    if (!inputsOf(node).some((input) => active.has(input))) continue;
    for (const out of outputsOf(node)) if (out.type.dtype === "f32") active.add(out);
  }
  return active;
}
