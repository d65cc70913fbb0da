/**
 * Results of scans that need not be computed at every step: what is a result twice, which gradients make often, as the
 * same value may be wanted of several sources; and what is given at every step as one of the xs.
 */
import { bodyOf, ScanBody } from "../graph/body.ts";
import { emit, type GraphValue, type OpNode, type SourceNode } from "../graph/graph.ts";
import { replaceNodes, substitute } from "../graph/rebuild.ts";
import { rewrite } from "./rewrite.ts";

/** Maps each of `roots` to its value in a graph where scans give nothing twice. */
export function shareResults(roots: readonly GraphValue[]): Map<GraphValue, GraphValue> {
  return replaceNodes(roots, (node, ins) =>
    node.op === "scan" ? share(node, ins as OpNode<"scan">["ins"]) : undefined,
  );
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
