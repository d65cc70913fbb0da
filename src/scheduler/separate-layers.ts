/**
 * Recurrent layers that are walked together become layers of their own, with the products between them, wherever the
 * device does not gain by walking them together. A graph without such layers stays as it is.
 */
import { emit, type GraphValue, type OpNode, outputsOf, reachable } from "../graph/graph.ts";
import { loop } from "../graph/loop.ts";
import { mapValues, outputPairs, rebuild } from "../graph/rebuild.ts";
import type { Op } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import type { LayersOp } from "../ops/vocabulary.ts";
import type { DeviceTraits } from "./lowering.ts";

const layersOps: Readonly<Record<LayersOp, true>> = {
  rnnLayers: true,
  rnnLayersGrad: true,
  lstmLayers: true,
  lstmLayersGrad: true,
  gruLayers: true,
  gruLayersGrad: true,
};

export function isLayers(node: OpNode): node is OpNode<LayersOp> {
  return node.op in layersOps;
}

/** Maps each of `roots` to its value in the graph where all such layers are walked as the device wants them. */
export function separateLayers(
  roots: readonly GraphValue[],
  { layers }: DeviceTraits,
): Map<GraphValue, GraphValue> {
  const replaced = new Map<GraphValue, GraphValue>();
  const resolve = (value: GraphValue) => replaced.get(value) ?? value;
  const nodes = reachable(roots).filter((node) => node.op !== "source");
  const isSeparated = (node: OpNode) => isLayers(node) && !layers?.walksTogether(node);
  if (!nodes.some(isSeparated)) return new Map(roots.map((root) => [root, root]));
  for (const node of nodes) {
    const ins = mapValues(node.ins, resolve);
    if (isLayers(node) && isSeparated(node)) {
      const made = composed(node, ins);
      for (const [i, out] of outputsOf(node).entries()) replaced.set(out, made[i] ?? out);
      continue;
    }
    for (const [out, its] of outputPairs(node, rebuild(node, ins))) {
      if (out !== its) replaced.set(out, its);
    }
  }
  return new Map(roots.map((root) => [root, resolve(root)]));
}

/** The outputs of the composite, in the order of the op's declaration. */
function composed(node: OpNode<LayersOp>, ins: ReturnType<typeof mapValues>): GraphValue[] {
  // The node's op, inputs and attributes belong together; the compiler cannot follow that through the union.
  const op = ops[node.op] as Op<never>;
  const made = op.composite?.(emit, ins as never, node.attrs as never, loop) ?? {};
  const held = made as Readonly<Record<string, readonly GraphValue[]>>;
  return Object.keys(op.outputs).flatMap((name) => held[name] ?? []);
}
