/**
 * The gradient of a bias is the sum of the very rows that the gradient of its weights multiplies. Where a device's
 * kernel for such a product can add them up while it has them at hand, the reduction rides along in it.
 */
import { type GraphValue, inputsOf, type OpNode, outputsOf } from "../graph/graph.ts";
import { reducedCount } from "../ops/reduce.ts";
import { sizeOf } from "../tensor/shape.ts";
import { whyFallback } from "./lower.ts";
import type { ColumnSumOp, DeviceTraits } from "./lowering.ts";
import { type Item, Sequence } from "./sequence.ts";
import { aliased, type OpWork, type Work } from "./work.ts";

export function rideColumnSums(work: readonly Work[], traits: DeviceTraits): Work[] {
  const sequence = new Sequence(work);
  const hosts = hostsOf(sequence, traits);
  for (const item of sequence.items()) {
    const sum = columnSumOf(item.work);
    const host = sum && hosts.get(sum.rows);
    if (sum === undefined || host === undefined || host.columns !== sum.columns) continue;
    const product = host.item;
    // What the sum reads is there where the product stands.
    const place = item.place > product.place ? product : sequence.placeOfBoth(item, product);
    if (place === undefined) continue;
    const label = `${host.work.label} + column sums`;
    sequence.join(item, product, place, { ...host.work, columnSums: sum.out, label });
    hosts.delete(sum.rows);
  }
  return sequence.work();
}

interface Host {
  readonly item: Item;
  readonly work: OpWork;
  readonly columns: number;
}

/** Products that can add up the columns of a value, by that value. */
function hostsOf(sequence: Sequence, traits: DeviceTraits): Map<GraphValue, Host> {
  const hosts = new Map<GraphValue, Host>();
  if (traits.sumsColumns === undefined) return hosts;
  for (const item of sequence.items()) {
    const { work } = item;
    const rows = work.kind === "op" ? rowsOf(work.node) : undefined;
    if (work.kind !== "op" || rows === undefined || !takesSums(work.node, traits)) continue;
    hosts.set(aliased(rows), { item, work, columns: rows.type.shape.at(-1) ?? 1 });
  }
  return hosts;
}

/** The operand whose rows a product over rows multiplies from the right. */
function rowsOf(node: OpNode): GraphValue | undefined {
  if (node.op === "matmul") return node.ins.b;
  return node.op === "conv2dFilterGrad" ? node.ins.g : undefined;
}

function takesSums(node: OpNode, traits: DeviceTraits): boolean {
  const types = [...inputsOf(node), ...outputsOf(node)].map(({ type }) => type);
  const product = node as OpNode<ColumnSumOp>; // rowsOf knows exactly these ops
  if (whyFallback(product, types, traits) !== undefined) return false;
  return traits.sumsColumns?.(product) ?? false;
}

interface ColumnSum {
  /** The value whose rows are added up. */
  readonly rows: GraphValue;
  readonly columns: number;
  readonly out: GraphValue;
}

/** A sum over all leading dimensions. */
function columnSumOf(work: Work): ColumnSum | undefined {
  const node = work.kind !== "group" || work.nodes.length > 1 ? undefined : work.nodes[0];
  if (node?.op !== "reduce" || node.attrs.fn !== "sum") return undefined;
  const { axes } = node.attrs;
  const { x } = node.ins;
  const { shape, dtype } = x.type;
  const firstKept = shape.findIndex((size, d) => size !== 1 && !axes.includes(d));
  const isLeading = axes.every((axis) => axis < firstKept || shape[axis] === 1);
  if (dtype !== "f32" || firstKept === -1 || !isLeading) return undefined;
  const columns = sizeOf(shape) / reducedCount(shape, axes);
  return { rows: aliased(x), columns, out: node.outs.out };
}
