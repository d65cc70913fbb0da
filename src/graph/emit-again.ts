import { InternalError } from "../errors.ts";
import type { Emit, Value } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import { flatten, type GraphValue, outputsOf, reachable } from "./graph.ts";
import { mapValues } from "./rebuild.ts";

/** `roots` computed by `emit` from other values: `known` has one for every source that they depend on. */
export function emitAgain(
  emit: Emit,
  roots: readonly GraphValue[],
  known: Map<GraphValue, Value>,
): Value[] {
  const lookUp = (value: GraphValue): Value => {
    const found = known.get(value);
    if (found === undefined) throw new InternalError("a graph reads what it was not given.");
    return found;
  };
  for (const node of reachable(roots)) {
    if (node.op === "source") continue;
    const outs = emit(node.op, mapValues(node.ins, lookUp) as never, node.attrs as never);
    const made = flatten<Value>(ops[node.op].outputs, outs);
    outputsOf(node).forEach((out, i) => {
      const value = made[i];
      if (value !== undefined) known.set(out, value);
    });
  }
  return roots.map(lookUp);
}
