/**
 * The cotangents of the values of a graph, as they come in. Parts of a value that are cut out one beside the other send
 * back pads of their cotangents, zeros but for the part: those are put side by side, in whatever order they come, rather
 * than added up, or the gradient of a sequence that is read in n parts would cost n sums over all of it. Rows of one table that
 * were looked up in several places are added to one table, not to one each.
 */
import { emit, type GraphValue, type OpNode } from "../graph/graph.ts";
import type { Padding } from "../ops/vocabulary.ts";
import { type Shape, sameShape, sizeOf } from "../tensor/shape.ts";

export class Cotangents {
  readonly #sums = new Map<GraphValue, GraphValue>();
  readonly #runs = new Map<GraphValue, readonly Run[]>();

  has(value: GraphValue): boolean {
    return this.#sums.has(value) || this.#runs.has(value);
  }

  /** The sum of all that came in; undefined where nothing did. To be asked for when all has. */
  get(value: GraphValue): GraphValue | undefined {
    for (const run of this.#runs.get(value) ?? []) this.#addUp(value, cotangentOf(run));
    this.#runs.delete(value);
    return this.#sums.get(value);
  }

  add(value: GraphValue, part: GraphValue): void {
    if (part.node.op !== "pad") this.#addUp(value, part);
    else this.#runs.set(value, withRun(this.#runs.get(value) ?? [], runOf(part, part.node)));
  }

  /** In place of all that came in. */
  replace(value: GraphValue, cotangent: GraphValue): void {
    this.#runs.delete(value);
    this.#sums.set(value, cotangent);
  }

  /** At once, so that the parts of a long sum need not be kept. */
  #addUp(value: GraphValue, b: GraphValue): void {
    const a = this.#sums.get(value);
    const sum = a && (rowsOfBoth(a, b) ?? graphValue(emit("binary", { a, b }, { fn: "add" }).out));
    this.#sums.set(value, sum ?? b);
  }
}

/** Of two gradients of a table that has more rows than both look up: one, of all that they look up. */
function rowsOfBoth({ node: a }: GraphValue, { node: b }: GraphValue): GraphValue | undefined {
  if (a.op !== "embeddingGrad" || b.op !== "embeddingGrad") return undefined;
  const { rows } = a.attrs;
  const [first, second] = [a, b].map(({ ins }) => sizeOf(ins.ids.type.shape));
  const count = (first ?? 0) + (second ?? 0);
  if (rows < count) return undefined;
  const [width = 0] = a.outs.out.type.shape.slice(1);
  const joined = (name: "ids" | "g", own: Shape) => {
    const xs = [a, b].flatMap(({ ins }) => {
      const x = ins[name];
      const shape = [sizeOf(ins.ids.type.shape), ...own];
      const flat = sameShape(x.type.shape, shape)
        ? x
        : graphValue(emit("reshape", { x }, { shape }).out);
      return partsOf(flat, 0);
    });
    return emit("concat", { xs }, { axis: 0 }).out;
  };
  const { out } = emit(
    "embeddingGrad",
    { ids: joined("ids", []), g: joined("g", [width]) },
    { rows },
  );
  return graphValue(out);
}

/** Parts side by side, with zeros around them: one node is made of them when all are there. */
interface Run {
  readonly parts: readonly GraphValue[];
  /** Along which they lie; undefined for one part. */
  readonly axis: number | undefined;
  readonly padding: readonly Padding[];
  /** Of the whole, zeros included. */
  readonly shape: Shape;
  /** What one part came as. */
  readonly pad: GraphValue | undefined;
}

function runOf(pad: GraphValue, { ins, attrs }: OpNode<"pad">): Run {
  const { padding } = attrs;
  return { parts: [ins.x], axis: undefined, padding, shape: pad.type.shape, pad };
}

function cotangentOf(run: Run): GraphValue {
  if (run.pad !== undefined) return run.pad;
  const x = insideOf(run);
  if (run.padding.every(([before, after]) => before === 0 && after === 0)) return x;
  return graphValue(emit("pad", { x }, { padding: run.padding }).out);
}

function insideOf({ parts, axis }: Run): GraphValue {
  const [one] = parts;
  if (one !== undefined && axis === undefined) return one;
  return graphValue(emit("concat", { xs: parts }, { axis: axis ?? 0 }).out);
}

/** What lies beside `run` is joined with it; that may close a gap to another one. */
function withRun(runs: readonly Run[], run: Run): readonly Run[] {
  let joined = run;
  let rest = runs;
  for (;;) {
    const index = rest.findIndex((other) => axisBetween(other, joined) !== undefined);
    const beside = rest[index];
    const axis = beside && axisBetween(beside, joined);
    if (beside === undefined || axis === undefined) return [...rest, joined];
    joined =
      endOf(beside, axis) === startOf(joined, axis)
        ? join(beside, joined, axis)
        : join(joined, beside, axis);
    rest = rest.filter((own) => own !== beside);
  }
}

/** Along which the two lie side by side, if they do. */
function axisBetween(a: Run, b: Run): number | undefined {
  if (!sameShape(a.shape, b.shape)) return undefined;
  const axes = a.shape.flatMap((_, d) =>
    startOf(a, d) === startOf(b, d) && endOf(a, d) === endOf(b, d) ? [] : [d],
  );
  const [axis] = axes;
  if (axis === undefined || axes.length > 1) return undefined;
  const touch = endOf(a, axis) === startOf(b, axis) || endOf(b, axis) === startOf(a, axis);
  return touch ? axis : undefined;
}

/** Where along dimension d the parts lie. */
function startOf({ padding }: Run, d: number): number {
  return padding[d]?.[0] ?? 0;
}

function endOf({ padding, shape }: Run, d: number): number {
  return (shape[d] ?? 0) - (padding[d]?.[1] ?? 0);
}

function join(first: Run, second: Run, axis: number): Run {
  const padding = first.padding.map(
    (own, d): Padding => (d === axis ? [own[0], second.padding[d]?.[1] ?? 0] : own),
  );
  const parts = [...partsOfRun(first, axis), ...partsOfRun(second, axis)];
  return { parts, axis, padding, shape: first.shape, pad: undefined };
}

function partsOfRun(run: Run, axis: number): readonly GraphValue[] {
  return run.axis === axis ? run.parts : partsOf(insideOf(run), axis);
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
