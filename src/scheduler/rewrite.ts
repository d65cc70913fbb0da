/**
 * Rebuilds a graph bottom-up, in one walk: equal nodes become one, dead ones are left behind, and what an op is more
 * simply equal to takes its place. Each rule stands beside its op (`simpler` in src/ops).
 */
import { attrsKey } from "../graph/fingerprint.ts";
import { emit, GraphValue, type OpNode, reachable } from "../graph/graph.ts";
import { mapValues, outputPairs, rebuild } from "../graph/rebuild.ts";
import type { Emit, Maker, Op, RewriteSite, Value } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import type { OpName } from "../ops/vocabulary.ts";

/** Maps each of `roots` to its value in the rewritten graph. `literal` may turn literals into sources. */
export function rewrite(
  roots: readonly GraphValue[],
  literal?: (node: OpNode<"literal">) => GraphValue,
): Map<GraphValue, GraphValue> {
  const replaced = new Map<GraphValue, GraphValue>();
  const known = new Map<string, OpNode>();
  const resolve = (value: GraphValue) => replaced.get(value) ?? value;
  for (const node of reachable(roots)) {
    if (node.op === "source") continue;
    if (node.op === "literal" && literal !== undefined) {
      replaced.set(node.outs.out, literal(node));
      continue;
    }
    const ins = mapValues(node.ins, resolve);
    const key = `${node.op}(${keyOf(ins)})${attrsKey(node.attrs)}`;
    const twin = known.get(key) ?? rebuild(node, ins);
    known.set(key, twin);
    for (const [out, its] of outputPairs(node, twin)) if (out !== its) replaced.set(out, its);
    const simpler = simplerThan(twin);
    if (simpler !== undefined && "out" in node.outs) replaced.set(node.outs.out, simpler);
  }
  return new Map(roots.map((root) => [root, resolve(root)]));
}

const valueKeys = new WeakMap<GraphValue, string>();
let nextKey = 0;
function keyOf(ins: Record<string, unknown>): string {
  let text = "";
  for (const [name, held] of Object.entries(ins)) {
    text += `${name},`;
    for (const value of Array.isArray(held) ? held : [held])
      text += value instanceof GraphValue ? `${keyOfValue(value)},` : `${value},`;
  }
  return text;
}

function keyOfValue(value: GraphValue): string {
  const known = valueKeys.get(value);
  if (known !== undefined) return known;
  const key = `#${nextKey++}`;
  valueKeys.set(value, key);
  return key;
}

/** By the op's own rule; see `Op.simpler`. */
function simplerThan<K extends OpName>(node: OpNode<K>): GraphValue | undefined {
  const { op, ins, attrs, outs } = node as OpNode<K> & { outs: { out?: GraphValue } };
  if (outs.out === undefined) return undefined;
  const site = { emit: emit as Emit, ins, attrs, type: outs.out.type, makerOf } as RewriteSite<K>;
  return (ops[op] as Op<K>).simpler?.(site) as GraphValue | undefined;
}

function makerOf(value: Value): Maker | undefined {
  const { node } = value as GraphValue;
  return node.op === "source" ? undefined : node;
}
