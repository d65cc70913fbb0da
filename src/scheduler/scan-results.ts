/**
 * Results of scans that need not be kept of every step: what is a result twice, which gradients make often, as the same
 * value may be wanted of several sources; what is given at every step as one of the xs; and what is carried on, where
 * nobody reads more than its last row.
 */
import { bodyOf, ScanBody } from "../graph/body.ts";
import {
  emit,
  type GraphValue,
  inputsOf,
  type Node,
  type OpNode,
  reachable,
  type SourceNode,
} from "../graph/graph.ts";
import { replaceNodes, substitute } from "../graph/rebuild.ts";
import { present } from "../present.ts";
import { sameShape } from "../tensor/shape.ts";
import { rewrite } from "./rewrite.ts";

/** Maps each of `roots` to its value in a graph where scans give nothing twice, and no more than is read. */
export function shareResults(roots: readonly GraphValue[]): Map<GraphValue, GraphValue> {
  const carried = readCarried(roots);
  const shared = replaceNodes([...carried.values()], (node, ins) =>
    node.op === "scan" ? share(node, ins as OpNode<"scan">["ins"]) : undefined,
  );
  return new Map([...carried].map(([root, own]) => [root, shared.get(own) ?? own]));
}

/** The last row of what is carried on is read from the carry, so that a result which nobody reads otherwise falls away. */
function readCarried(roots: readonly GraphValue[]): Map<GraphValue, GraphValue> {
  const read = new Set(roots);
  for (const node of reachable(roots))
    if (lastOf(node) === undefined) for (const input of inputsOf(node)) read.add(input);
  return replaceNodes(roots, (node, ins) => {
    const last = lastOf(node);
    if (last === undefined || read.has(last.result)) return undefined;
    const { node: scan } = (ins as OpNode<"slice">["ins"]).x as GraphValue & {
      node: OpNode<"scan">;
    };
    const x = present(scan.outs.carry[last.carry]);
    return [[last.row, emit("reshape", { x }, { shape: last.row.type.shape }).out as GraphValue]];
  });
}

/** Of a slice that is a scan's last row of a result which is carried on: the place in the carry. */
function lastOf(node: Node) {
  if (node.op !== "slice" || node.ins.x.node.op !== "scan") return undefined;
  const { ins, outs, attrs } = node;
  const scan = node.ins.x.node;
  const { next, ys } = bodyOf(scan).graph;
  const { steps, reverse } = scan.attrs;
  const result = ys[scan.outs.ys.indexOf(ins.x)];
  const carry = result === undefined ? -1 : next.indexOf(result);
  const isLast =
    attrs.starts[0] === (reverse ? 0 : steps - 1) &&
    sameShape(attrs.sizes, [1, ...ins.x.type.shape.slice(1)]);
  return carry === -1 || !isLast ? undefined : { result: ins.x, row: outs.out, carry };
}

/** The outputs of `node`, each with the one that takes its place; undefined where it gives nothing twice. */
function share(
  node: OpNode<"scan">,
  ins: OpNode<"scan">["ins"],
): [GraphValue, GraphValue][] | undefined {
  const { graph, why } = bodyOf(node);
  const same = new Map([
    ...firstOfEqual(graph.xs, ins.xs),
    ...firstOfEqual(graph.captured, ins.captured),
  ]);
  const roots = substitute([...graph.next, ...graph.ys], same);
  const simple = rewrite(roots);
  const own = roots.map((root) => simple.get(root) ?? root);
  const [next, ys] = [own.slice(0, graph.next.length), own.slice(graph.next.length)];
  const firsts = ys.map((value) => ys.indexOf(value));
  const given = ys.map((value) => graph.xs.findIndex(({ out }) => out === value));
  const isShared = firsts.some((first, k) => first !== k) || given.some((x) => x !== -1);
  if (same.size === 0 && !isShared) return undefined;
  const body = new ScanBody({ ...graph, next, ys }, why);
  const outs = emit("scan", ins, { ...node.attrs, body }) as OpNode<"scan">["outs"];
  const results = node.outs.ys.map((_, k) => ins.xs[given[k] ?? -1] ?? outs.ys[firsts[k] ?? k]);
  const after = [...outs.carry, ...results];
  return [...node.outs.carry, ...node.outs.ys].flatMap((out, i) => {
    const its = after[i];
    return its === undefined ? [] : [[out, its] satisfies [GraphValue, GraphValue]];
  });
}

/** Sources that stand for what another one stands for, each with the first that does. */
function firstOfEqual(
  sources: readonly SourceNode[],
  values: readonly GraphValue[],
): [GraphValue, GraphValue][] {
  return sources.flatMap(({ out }, i) => {
    const first = sources[values.indexOf(values[i] ?? out)];
    return first === undefined || first.out === out ? [] : [[out, first.out]];
  });
}
