/** Making nodes again with other inputs. */
import type { Value } from "../ops/op.ts";
import { emit, GraphValue, type OpNode, outputsOf, reachable } from "./graph.ts";

/** Inputs or outputs by their names. */
export type HeldByName = Readonly<Record<string, unknown>>;

/** A node's record by input or output with every value changed; lists and gaps stay. */
export function mapValues<T>(
  held: object,
  change: (value: GraphValue) => T,
): Record<string, T | readonly T[] | undefined> {
  const changed: Record<string, T | readonly T[] | undefined> = {};
  for (const [name, entry] of Object.entries(held))
    changed[name] =
      entry instanceof GraphValue
        ? change(entry)
        : Array.isArray(entry)
          ? entry.map((value: GraphValue) => change(value))
          : undefined;
  return changed;
}

/** `node` on `ins`: itself where they are its own. */
export function rebuild(node: OpNode, ins: HeldByName): OpNode {
  const same = Object.entries(node.ins).every(([name, held]) => equalHeld(held, ins[name]));
  return same ? node : made(node, ins);
}

/** A node like `node` on `ins`, younger than every other. */
function made(node: OpNode, ins: HeldByName): OpNode {
  const outs = Object.values(emit(node.op, ins as never, node.attrs as never) as object) as (
    | Value
    | Value[]
  )[];
  const first = outs.flat()[0] as GraphValue;
  return first.node as OpNode;
}

function equalHeld(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.every((value, i) => value === b[i]);
  return a === b;
}

/** Each output of `node` with that of a node of the same op. */
export function outputPairs(node: OpNode, twin: OpNode): [GraphValue, GraphValue][] {
  const theirs = outputsOf(twin);
  return outputsOf(node).flatMap((out, i) => {
    const its = theirs[i];
    return its === undefined ? [] : [[out, its] satisfies [GraphValue, GraphValue]];
  });
}

/** `roots` with `replacements` in place of some of the values that they depend on. */
export function substitute(
  roots: readonly GraphValue[],
  replacements: ReadonlyMap<GraphValue, GraphValue>,
): GraphValue[] {
  const replaced = new Map(replacements);
  const resolve = (value: GraphValue) => replaced.get(value) ?? value;
  for (const node of reachable(roots, new Set(replacements.keys()))) {
    if (node.op === "source") continue;
    const twin = rebuild(node, mapValues(node.ins, resolve));
    for (const [out, its] of outputPairs(node, twin))
      if (!replaced.has(out)) replaced.set(out, its);
  }
  return roots.map(resolve);
}

/**
 * Maps each of `roots` to its value in a graph where some nodes have given way: `replace` says what takes the place of which
 * values, undefined where a node stays. All that is younger is made again, so that ids still tell the order: a
 * checkpoint's copy waits for the loss.
 */
export function replaceNodes(
  roots: readonly GraphValue[],
  replace: (
    node: OpNode,
    ins: HeldByName,
  ) => Iterable<readonly [GraphValue, GraphValue]> | undefined,
): Map<GraphValue, GraphValue> {
  const replaced = new Map<GraphValue, GraphValue>();
  const resolve = (value: GraphValue) => replaced.get(value) ?? value;
  let isLater = false;
  for (const node of reachable(roots)) {
    if (node.op === "source" || outputsOf(node).some((out) => replaced.has(out))) continue;
    const ins = isLater ? mapValues(node.ins, resolve) : node.ins;
    const own = replace(node, ins);
    isLater ||= own !== undefined;
    const pairs = own ?? (isLater ? outputPairs(node, made(node, ins)) : []);
    for (const [out, its] of pairs) replaced.set(out, its);
  }
  return new Map(roots.map((root) => [root, resolve(root)]));
}
