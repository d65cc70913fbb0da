/** Elements of lazy tensors by the float64 reference, without a device, a plan or a runtime. */
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { type GraphValue, type Node, reachable } from "../../src/graph/graph.ts";
import { Cell } from "../../src/runtime/cell.ts";
import type { Tensor } from "../../src/runtime/tensor.ts";
import { type ByName, evaluate, flatten, mapHeld } from "./case-data.ts";

/** The elements of each of `tensors`. Variables and data must still be on the host. */
export function evaluateTensors(tensors: readonly Tensor[]): number[][] {
  const known = new Map<GraphValue, ReferenceTensor>();
  for (const node of reachable(tensors.map(({ value }) => value))) compute(node, known);
  return tensors.map(({ value }) => [...lookUp(known, value).data]);
}

export function evaluateTensor(tensor: Tensor): number[] {
  return evaluateTensors([tensor])[0] ?? [];
}

function compute(node: Node, known: Map<GraphValue, ReferenceTensor>): void {
  if (node.op === "source") {
    const { holder } = node;
    if (!(holder instanceof Cell) || holder.host === undefined) {
      throw new Error(`${holder.name} has no elements on the host`);
    }
    known.set(node.out, { type: holder.type, data: Float64Array.from(holder.host) });
    return;
  }
  const ins = Object.fromEntries(
    Object.entries(node.ins as unknown as ByName<GraphValue>).map(([name, held]) => [
      name,
      mapHeld(held, (value) => lookUp(known, value)),
    ]),
  );
  // The node's own inputs and attributes; a union over ops does not carry through a generic call.
  const outs = evaluate(node.op, ins as never, node.attrs as never) as ByName<ReferenceTensor>;
  for (const [name, held] of Object.entries(node.outs as unknown as ByName<GraphValue>)) {
    const computed = flatten(outs[name]);
    flatten(held).forEach((value, i) => {
      const tensor = computed[i];
      if (tensor !== undefined) known.set(value, tensor);
    });
  }
}

function lookUp(
  known: ReadonlyMap<GraphValue, ReferenceTensor>,
  value: GraphValue,
): ReferenceTensor {
  const tensor = known.get(value);
  if (tensor === undefined) throw new Error("a value that nothing computed");
  return tensor;
}
