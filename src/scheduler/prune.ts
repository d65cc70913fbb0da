/**
 * Makes scans narrower: results that nobody reads, above all the tape where nobody differentiates, carries that feed
 * nothing that is read, and inputs that only those needed, are left out. What computed these inputs then falls away
 * with them.
 */
import { bodyOf, ScanBody } from "../graph/body.ts";
import {
  emit,
  type GraphValue,
  inputsOf,
  type OpNode,
  outputsOf,
  reachable,
} from "../graph/graph.ts";
import { mapValues, outputPairs, rebuild } from "../graph/rebuild.ts";

/** Maps each of `roots` to its value in a graph where every scan computes what is read of it. */
export function prune(roots: readonly GraphValue[]): Map<GraphValue, GraphValue> {
  const nodes = reachable(roots).filter((node) => node.op !== "source");
  if (!nodes.some(({ op }) => op === "scan")) return new Map(roots.map((root) => [root, root]));
  const kept = keptOfScans(nodes, roots);
  const replaced = new Map<GraphValue, GraphValue>();
  const resolve = (value: GraphValue) => replaced.get(value) ?? value;
  for (const node of nodes) {
    const ins = mapValues(node.ins, resolve);
    const pairs =
      node.op === "scan"
        ? narrow(node, kept.get(node), ins as OpNode<"scan">["ins"])
        : outputPairs(node, rebuild(node, ins));
    for (const [out, its] of pairs) if (out !== its) replaced.set(out, its);
  }
  return new Map(roots.map((root) => [root, resolve(root)]));
}

/** Positions in the lists of a scan's inputs and outputs. */
interface Kept {
  readonly carry: readonly number[];
  readonly xs: readonly number[];
  readonly captured: readonly number[];
  readonly ys: readonly number[];
}

function keptOfScans(
  nodes: readonly OpNode[],
  roots: readonly GraphValue[],
): Map<OpNode<"scan">, Kept> {
  const live = new Set(roots);
  const kept = new Map<OpNode<"scan">, Kept>();
  for (const node of [...nodes].reverse()) {
    if (!outputsOf(node).some((out) => live.has(out))) continue;
    if (node.op !== "scan") {
      for (const input of inputsOf(node)) live.add(input);
      continue;
    }
    const own = keptOf(node, live);
    kept.set(node, own);
    const { ins } = node;
    for (const value of [
      ...pick(ins.carry, own.carry),
      ...pick(ins.xs, own.xs),
      ...pick(ins.captured, own.captured),
    ])
      live.add(value);
  }
  return kept;
}

function keptOf(node: OpNode<"scan">, live: ReadonlySet<GraphValue>): Kept {
  const { carry, xs, captured, next, ys } = bodyOf(node).graph;
  const positions = <T>(list: readonly T[], isKept: (item: T, i: number) => boolean) =>
    [...list.keys()].filter((i) => isKept(list[i] as T, i));
  const keptYs = positions(node.outs.ys, (out) => live.has(out));
  let keptCarry = positions(node.outs.carry, (out) => live.has(out));
  // A carry that is read feeds on others at the step before: until nothing new is read.
  for (;;) {
    const read = new Set(reachable([...pick(next, keptCarry), ...pick(ys, keptYs)]));
    const more = positions(carry, (source, i) => keptCarry.includes(i) || read.has(source));
    if (more.length === keptCarry.length) {
      return {
        carry: more,
        xs: positions(xs, (source) => read.has(source)),
        captured: positions(captured, (source) => read.has(source)),
        ys: keptYs,
      };
    }
    keptCarry = more;
  }
}

/** The outputs of `node` that are kept, each with that of a scan on `ins` that computes no others. */
function narrow(
  node: OpNode<"scan">,
  kept: Kept | undefined,
  ins: OpNode<"scan">["ins"],
): [GraphValue, GraphValue][] {
  if (kept === undefined) return [];
  const { carry, xs, captured, next, ys } = bodyOf(node).graph;
  const isWhole =
    kept.carry.length === carry.length &&
    kept.xs.length === xs.length &&
    kept.captured.length === captured.length &&
    kept.ys.length === ys.length;
  if (isWhole) return outputPairs(node, rebuild(node, { ...ins }));
  const pruned = {
    carry: pick(carry, kept.carry),
    xs: pick(xs, kept.xs),
    captured: pick(captured, kept.captured),
    next: pick(next, kept.carry),
    ys: pick(ys, kept.ys),
  };
  const body = new ScanBody(pruned, bodyOf(node).why);
  const outs = emit(
    "scan",
    {
      carry: pick(ins.carry, kept.carry),
      xs: pick(ins.xs, kept.xs),
      captured: pick(ins.captured, kept.captured),
    },
    { ...node.attrs, body },
  ) as OpNode<"scan">["outs"];
  const before = [...pick(node.outs.carry, kept.carry), ...pick(node.outs.ys, kept.ys)];
  const after = [...outs.carry, ...outs.ys];
  return before.flatMap((out, i) => {
    const its = after[i];
    return its === undefined ? [] : [[out, its] satisfies [GraphValue, GraphValue]];
  });
}

function pick<T>(list: readonly T[], positions: readonly number[]): T[] {
  return positions.map((i) => list[i] as T);
}
