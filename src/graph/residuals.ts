/**
 * What a scan keeps of each step for its gradient, beside the carry: what is expensive to compute again. Where such a
 * value is only added up with others, as products and bias are in front of an activation, the sum is kept in their place:
 * the gradient of a sum needs none of its terms.
 */
import { ops } from "../ops/table.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type GraphValue, inputsOf, type Node, type OpNode, outputsOf } from "./graph.ts";

/** Of `nodes`, in the order of their ids, what is kept of the values `inside` the step. `roots` are kept anyway. */
export function residualsOf(
  nodes: readonly Node[],
  inside: ReadonlySet<GraphValue>,
  roots: readonly GraphValue[],
): Set<GraphValue> {
  const users = new Map<GraphValue, OpNode[]>();
  for (const node of nodes) {
    if (node.op === "source") continue;
    for (const input of inputsOf(node)) {
      const own = users.get(input);
      if (own === undefined) users.set(input, [node]);
      else own.push(node);
    }
  }
  const endOfSum = (value: GraphValue): GraphValue => {
    const [user, ...others] = users.get(value) ?? [];
    if (user === undefined || others.length > 0 || roots.includes(value)) return value;
    const sum = sumOf(user, value);
    return sum === undefined ? value : endOfSum(sum);
  };
  const expensive = nodes.filter(
    (node) => node.op !== "source" && ops[node.op].cost === "expensive",
  );
  return new Set(
    expensive
      .flatMap(outputsOf)
      .filter((out) => inside.has(out))
      .map(endOfSum),
  );
}

/** The value of `node` where it is `term` with something added to it, no larger than that. */
function sumOf(node: OpNode, term: GraphValue): GraphValue | undefined {
  const isSum = node.op === "binary" && (node.attrs.fn === "add" || node.attrs.fn === "sub");
  if (!isSum && node.op !== "reshape") return undefined;
  const { out } = node.outs;
  return sizeOf(out.type.shape) === sizeOf(term.type.shape) ? out : undefined;
}
