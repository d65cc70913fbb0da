/**
 * The gradient of a bias is the sum of the very rows that the gradient of its weights multiplies. Where a device's
 * kernel for such a product can add them up while it has them at hand, the reduction rides along in it.
 */
import { type GraphValue, inputsOf, type OpNode, outputsOf } from "../graph/graph.ts";
import { reducedCount } from "../ops/reduce.ts";
import { sizeOf } from "../tensor/shape.ts";
import { whyFallback } from "./lower.ts";
import type { ColumnSumOp, DeviceTraits } from "./lowering.ts";
import { placeOfBoth } from "./order.ts";
import { aliased, type OpWork, type Work } from "./work.ts";

export function rideColumnSums(sequence: readonly Work[], traits: DeviceTraits): Work[] {
  const work = [...sequence];
  const hosts = hostsOf(work, traits);
  for (const item of sequence) {
    const sum = columnSumOf(item);
    const host = sum && hosts.get(sum.rows);
    if (sum === undefined || host === undefined || host.columns !== sum.columns) continue;
    const [mine, its] = [work.indexOf(item), work.indexOf(host.work)];
    // What the sum reads is there where the product stands.
    const place = mine > its ? its : placeOfBoth(work, mine, its);
    if (place === undefined) continue;
    const label = `${host.work.label} + column sums`;
    work[place] = { ...host.work, columnSums: sum.out, label };
    work.splice(place === its ? mine : its, 1);
    hosts.delete(sum.rows);
  }
  return work;
}

interface Host {
  readonly work: OpWork;
  readonly columns: number;
}

/** Products that can add up the columns of a value, by that value. */
function hostsOf(work: readonly Work[], traits: DeviceTraits): Map<GraphValue, Host> {
  const hosts = new Map<GraphValue, Host>();
  for (const item of work) {
    const rows = item.kind === "op" ? rowsOf(item.node) : undefined;
    if (item.kind !== "op" || rows === undefined || !takesSums(item.node, traits)) continue;
    hosts.set(aliased(rows), { work: item, columns: rows.type.shape.at(-1) ?? 1 });
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
  if (work.kind !== "op" || work.node.op !== "reduce" || work.node.attrs.fn !== "sum")
    return undefined;
  const { axes } = work.node.attrs;
  const { x } = work.node.ins;
  const { shape, dtype } = x.type;
  const firstKept = shape.findIndex((size, d) => size !== 1 && !axes.includes(d));
  const isLeading = axes.every((axis) => axis < firstKept || shape[axis] === 1);
  if (dtype !== "f32" || firstKept === -1 || !isLeading) return undefined;
  const columns = sizeOf(shape) / reducedCount(shape, axes);
  return { rows: aliased(x), columns, out: work.node.outs.out };
}
