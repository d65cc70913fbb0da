/**
 * The cotangents of the values of a graph, as they come in. Parts of a value that are cut out one beside the other send
 * back pads of their cotangents, zeros but for the part: those are put side by side, in whatever order they come, rather
 * than added up, or the gradient of a sequence that is read in n parts would cost n sums over all of it.
 */
import { emit, type GraphValue, type OpNode } from "../graph/graph.ts";
import { sameShape } from "../tensor/shape.ts";

export class Cotangents {
  readonly #sums = new Map<GraphValue, GraphValue>();
  readonly #pads = new Map<GraphValue, readonly GraphValue[]>();

  has(value: GraphValue): boolean {
    return this.#sums.has(value) || this.#pads.has(value);
  }

  /** The sum of all that came in; undefined where nothing did. To be asked for when all has. */
  get(value: GraphValue): GraphValue | undefined {
    for (const pad of this.#pads.get(value) ?? []) this.#addUp(value, pad);
    this.#pads.delete(value);
    return this.#sums.get(value);
  }

  add(value: GraphValue, part: GraphValue): void {
    if (part.node.op !== "pad") this.#addUp(value, part);
    else this.#pads.set(value, withPad(this.#pads.get(value) ?? [], part));
  }

  /** In place of all that came in. */
  replace(value: GraphValue, cotangent: GraphValue): void {
    this.#pads.delete(value);
    this.#sums.set(value, cotangent);
  }

  /** At once, so that the parts of a long sum need not be kept. */
  #addUp(value: GraphValue, b: GraphValue): void {
    const a = this.#sums.get(value);
    const sum = a && graphValue(emit("binary", { a, b }, { fn: "add" }).out);
    this.#sums.set(value, sum ?? b);
  }
}

/** What lies beside `pad` is joined with it; that may close a gap to another one. */
function withPad(pads: readonly GraphValue[], pad: GraphValue): readonly GraphValue[] {
  for (const other of pads) {
    const joined = sideBySide(other, pad);
    if (joined !== undefined)
      return withPad(
        pads.filter((own) => own !== other),
        joined,
      );
  }
  return [...pads, pad];
}

function sideBySide(a: GraphValue, b: GraphValue): GraphValue | undefined {
  const [one, other] = [a.node, b.node];
  if (one.op !== "pad" || other.op !== "pad") return undefined;
  if (!sameShape(a.type.shape, b.type.shape)) return undefined;
  const axes = a.type.shape.flatMap((_, d) =>
    startOf(one, d) === startOf(other, d) && endOf(one, d) === endOf(other, d) ? [] : [d],
  );
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) return undefined;
  if (endOf(one, axis) === startOf(other, axis)) return joined(one, other, axis);
  return endOf(other, axis) === startOf(one, axis) ? joined(other, one, axis) : undefined;
}

/** Where along dimension d the padded tensor lies. */
function startOf({ attrs }: OpNode<"pad">, d: number): number {
  return attrs.padding[d]?.[0] ?? 0;
}

function endOf(node: OpNode<"pad">, d: number): number {
  return startOf(node, d) + (node.ins.x.type.shape[d] ?? 0);
}

function joined(first: OpNode<"pad">, second: OpNode<"pad">, axis: number): GraphValue {
  const xs = [...partsOf(first.ins.x, axis), ...partsOf(second.ins.x, axis)];
  const x = graphValue(emit("concat", { xs }, { axis }).out);
  const padding = first.attrs.padding.map(
    (own, d) => (d === axis ? [own[0], second.attrs.padding[d]?.[1] ?? 0] : own) as typeof own,
  );
  if (padding.every(([before, after]) => before === 0 && after === 0)) return x;
  return graphValue(emit("pad", { x }, { padding }).out);
}

/** What was put side by side before is not copied once more. */
function partsOf(x: GraphValue, axis: number): readonly GraphValue[] {
  const { node } = x;
  return node.op === "concat" && node.attrs.axis === axis ? node.ins.xs : [x];
}

/** Ops see values as types only; whatever they return was made by `emit` here. */
export function graphValue(value: object): GraphValue {
  return value as GraphValue;
}
