/** Elements of lazy tensors by the float64 reference, without a device, a plan or a runtime. */
import { evaluateReference } from "../devices/reference/evaluate.ts";
import type { ReferenceTensor } from "../devices/reference/kernel.ts";
import { InternalError } from "../errors.ts";
import { type GraphValue, type Node, reachable } from "../graph/graph.ts";
import { Cell } from "../runtime/cell.ts";
import type { Tensor } from "../runtime/tensor.ts";

type ByName<T> = Readonly<Record<string, T | readonly T[] | undefined>>;

/**
 * The elements of each of `tensors`. Variables and data must still be on the host.
 * @param instead other elements of given tensors, in float64
 */
export function evaluateTensors(
  tensors: readonly Tensor[],
  instead: ReadonlyMap<Tensor, Float64Array> = new Map(),
): number[][] {
  const values = tensors.map(({ value }) => value);
  const known = new Map<GraphValue, ReferenceTensor>();
  for (const [{ value, type }, data] of instead) known.set(value, { type, data });
  for (const node of reachable(values)) compute(node, known);
  return values.map((value) => [...lookUp(known, value).data]);
}

function compute(node: Node, known: Map<GraphValue, ReferenceTensor>): void {
  if (node.op === "source") {
    const { holder } = node;
    if (known.has(node.out)) return;
    if (!(holder instanceof Cell) || holder.host === undefined) {
      throw new InternalError(`evaluate: ${holder.name} has no elements on the host.`);
    }
    known.set(node.out, { type: holder.type, data: Float64Array.from(holder.host) });
    return;
  }
  const ins = Object.fromEntries(
    Object.entries(node.ins as unknown as ByName<GraphValue>).map(([name, held]) => {
      if (held === undefined) return [name, held];
      const list = Array.isArray(held);
      return [name, list ? held.map((of) => lookUp(known, of)) : lookUp(known, held as GraphValue)];
    }),
  );
  // The node's own inputs and attributes; a union over ops does not carry through a generic call.
  const made = evaluateReference(node.op, ins as never, node.attrs as never, "f64");
  const outs = made as ByName<ReferenceTensor>;
  for (const [name, held] of Object.entries(node.outs as unknown as ByName<GraphValue>)) {
    const computed = listOf(outs[name]);
    listOf(held).forEach((value, i) => {
      const tensor = computed[i];
      if (tensor !== undefined) known.set(value, tensor);
    });
  }
}

function listOf<T>(held: T | readonly T[] | undefined): readonly T[] {
  return held === undefined ? [] : Array.isArray(held) ? held : [held as T];
}

function lookUp(
  known: ReadonlyMap<GraphValue, ReferenceTensor>,
  value: GraphValue,
): ReferenceTensor {
  const tensor = known.get(value);
  if (tensor === undefined) throw new InternalError("evaluate: a value that nothing computed.");
  return tensor;
}
