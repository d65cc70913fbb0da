/**
 * A product of a step's slice with something that is the same at every step, x_t·W, needs no loop: it is one product of
 * all steps' rows in front of it, whose slices the steps read. Its gradients are then products of all rows, too.
 */
import { arithmetic } from "../ops/arithmetic.ts";
import type { StepOutputs } from "../ops/step-body.ts";
import { type Given, standIn } from "./close-over.ts";
import { dependents, emit, type GraphValue, type OpNode, reachable } from "./graph.ts";
import { substitute } from "./rebuild.ts";

const m = arithmetic(emit);

export function hoistProducts(
  carry: readonly Given[],
  xs: readonly Given[],
  step: StepOutputs<GraphValue>,
): { readonly xs: readonly Given[]; readonly step: StepOutputs<GraphValue> } {
  const roots = [...step.next, ...step.ys];
  const nodes = reachable(roots);
  const inside = dependents(
    nodes,
    [...carry, ...xs].map(({ source }) => source.out),
  );
  const hoisted = new Map<GraphValue, Given>();
  for (const node of nodes) {
    if (node.op !== "matmul" || inside.has(node.ins.b)) continue;
    const rows = xs.find(({ source }) => source.out === node.ins.a);
    const value = rows && productOfAll(node, rows.value);
    if (value === undefined) continue;
    hoisted.set(node.outs.out, { source: standIn("a product's rows", node.outs.out.type), value });
  }
  if (hoisted.size === 0) return { xs, step };
  const slices = new Map([...hoisted].map(([out, { source }]) => [out, source.out]));
  const replaced = substitute(roots, slices);
  const count = step.next.length;
  return {
    xs: [...xs, ...hoisted.values()],
    step: { next: replaced.slice(0, count), ys: replaced.slice(count) },
  };
}

/** [steps, rows, columns] · [columns, n] as one product of matrices; undefined where a step's is no such one. */
function productOfAll({ ins, attrs }: OpNode<"matmul">, a: GraphValue): GraphValue | undefined {
  const [steps = 0, rows = 0, columns = 0, ...rest] = a.type.shape;
  if (attrs.transposeA || rest.length > 0 || ins.b.type.shape.length !== 2) return undefined;
  const all = m.reshape(a, [steps * rows, columns]);
  const { out } = emit("matmul", { a: all, b: ins.b }, attrs);
  return m.reshape(out, [steps, rows, out.type.shape[1] ?? 0]) as GraphValue;
}
