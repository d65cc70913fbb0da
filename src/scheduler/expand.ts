/**
 * Recurrences become the loops that they mean where the device has no walk for their cell, attention the products where it
 * has no kernel for it; other graphs stay as they are.
 */
import {
  emit,
  type GraphValue,
  inputsOf,
  type OpNode,
  outputsOf,
  reachable,
} from "../graph/graph.ts";
import { loop, loopAs } from "../graph/loop.ts";
import { type HeldByName, replaceNodes } from "../graph/rebuild.ts";
import type { Op } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import type { AttentionOp, WalkOp } from "../ops/vocabulary.ts";
import type { DeviceTraits } from "./lowering.ts";

export function isWalk(node: OpNode): node is OpNode<WalkOp> {
  return node.op === "recurrence" || node.op === "recurrenceGrad";
}

export function isAttention(node: OpNode): node is OpNode<AttentionOp> {
  return node.op === "attention" || node.op === "attentionGrad";
}

/** Maps each of `roots` to its value in the graph where every op is one that the device has work for. */
export function expand(
  roots: readonly GraphValue[],
  { name, walks, attention }: DeviceTraits,
): Map<GraphValue, GraphValue> {
  const nodes = reachable(roots).filter((node) => node.op !== "source");
  const read = new Set(nodes.some(isAttention) ? nodes.flatMap(inputsOf) : []);
  const isExpanded = (node: OpNode) =>
    (isWalk(node) && !walks?.takes(node)) ||
    (isAttention(node) && !attention?.takes(node, isTrained(node, read)));
  return replaceNodes(roots, (node, ins) => {
    if (!isExpanded(node)) return undefined;
    const own = composed(node, ins, name);
    return outputsOf(node).map((out, i) => [out, own[i] ?? out] as const);
  });
}

/** Only gradients read the logarithms of attention's sums. */
function isTrained(node: OpNode<AttentionOp>, read: ReadonlySet<GraphValue>): boolean {
  return node.op === "attentionGrad" || read.has(node.outs.lse);
}

/** The outputs of the composite, in the order of the op's declaration. */
function composed(node: OpNode, ins: HeldByName, device: string): GraphValue[] {
  // The node's op, inputs and attributes belong together; the compiler cannot follow that through the union.
  const op = ops[node.op] as Op<never>;
  const own = isWalk(node)
    ? loopAs(`${device} walks no ${node.attrs.cell.name} of this size`)
    : loop;
  const made = op.composite?.(emit, ins as never, node.attrs as never, own) ?? {};
  const held = made as Readonly<Record<string, GraphValue | readonly GraphValue[]>>;
  return Object.keys(op.outputs).flatMap((name) => held[name] ?? []);
}
