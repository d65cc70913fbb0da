import { InternalError } from "../errors.ts";
import type { Emit, Value } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import type { Arity, Attrs, ByInput, ByOutput, OpName } from "../ops/vocabulary.ts";
import { checkedShape, sizeOf, type TensorType } from "../tensor/shape.ts";

/** What stands behind a source: a variable, an input of a compiled step, data. Opaque to the graph. */
export interface Holder {
  readonly type: TensorType;
  readonly name: string;
}

/** A value that is given, not computed. */
export interface SourceNode {
  readonly op: "source";
  readonly id: number;
  readonly holder: Holder;
  readonly out: GraphValue;
}

/** An op applied to values. A union indexed by op, so that tables by op apply to mixed nodes without a cast. */
export type OpNode<K extends OpName = OpName> = {
  [P in K]: {
    readonly op: P;
    /** Grows with creation: ascending ids are a topological order. */
    readonly id: number;
    readonly ins: ByInput<P, GraphValue>;
    readonly attrs: Attrs<P>;
    readonly outs: ByOutput<P, GraphValue>;
  };
}[K];

export type Node = OpNode | SourceNode;

/** One output of one node. Immutable, and identified by the object itself. */
export class GraphValue implements Value {
  readonly type: TensorType;
  readonly #node: { current?: Node };

  constructor(type: TensorType, node: { current?: Node }) {
    this.type = type;
    this.#node = node;
  }

  get node(): Node {
    if (this.#node.current === undefined)
      throw new InternalError("a value was read before its node was made.");
    return this.#node.current;
  }
}

let nextId = 1;

/** The id that the next node gets: what is made from here on has this one or a higher one. */
export function nextNodeId(): number {
  return nextId;
}

export function source(holder: Holder): GraphValue {
  const link: { current?: Node } = {};
  const out = new GraphValue(holder.type, link);
  link.current = { op: "source", id: nextId++, holder, out };
  return out;
}

/** Adds an op: types are inferred, and what does not fit is thrown, here. */
export const emit: Emit = <K extends OpName>(op: K, ins: ByInput<K, Value>, attrs: Attrs<K>) => {
  const types = ops[op].infer(
    mapHeld(ins, (value: Value) => value.type) as ByInput<K, TensorType>,
    attrs,
  );
  const link: { current?: Node } = {};
  const outs = mapHeld(types, (type: TensorType) => {
    if (sizeOf(type.shape) > Number.MAX_SAFE_INTEGER) checkedShape(op, type.shape, "the result");
    return new GraphValue(type, link);
  });
  // The three records are built for this very op; the compiler cannot follow a union through a generic key.
  link.current = { op, id: nextId++, ins, attrs, outs } as unknown as Node;
  return outs as ByOutput<K, GraphValue>;
};

/** Applies `change` to every value of a record by input or output, keeping lists and gaps. */
function mapHeld<T>(held: object, change: (value: T) => unknown): object {
  const changed: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(held))
    changed[name] =
      entry === undefined
        ? undefined
        : Array.isArray(entry)
          ? entry.map((value: T) => change(value))
          : change(entry as T);
  return changed;
}

/** The values of a record by input or output, in the order of the op's declaration; gaps left out. */
export function flatten<T>(
  declared: Readonly<Record<string, Arity>>,
  held: Readonly<Record<string, T | readonly T[] | undefined>>,
): T[] {
  const values: T[] = [];
  for (const name in declared) {
    const entry = held[name];
    if (Array.isArray(entry)) for (const value of entry as readonly T[]) values.push(value);
    else if (entry !== undefined) values.push(entry as T);
  }
  return values;
}

export function inputsOf(node: Node): GraphValue[] {
  return node.op === "source" ? [] : flatten<GraphValue>(ops[node.op].inputs, node.ins);
}

export function outputsOf(node: Node): GraphValue[] {
  return node.op === "source" ? [node.out] : flatten<GraphValue>(ops[node.op].outputs, node.outs);
}

/** Every node that `roots` depend on, inputs first; nothing beyond the values in `boundary`. */
export function reachable(
  roots: Iterable<GraphValue>,
  boundary?: Pick<ReadonlySet<GraphValue>, "has">,
): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (boundary?.has(value) || seen.has(value.node)) continue;
    seen.add(value.node);
    for (const input of inputsOf(value.node)) stack.push(input);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Of what `nodes` compute, in the order of their ids, the values that depend on one of `given`, and those. */
export function dependents(
  nodes: readonly Node[],
  given: Iterable<GraphValue>,
  isCounted: (value: GraphValue) => boolean = () => true,
): Set<GraphValue> {
  const found = new Set(given);
  for (const node of nodes) {
    if (!inputsOf(node).some((input) => found.has(input))) continue;
    for (const out of outputsOf(node)) if (isCounted(out)) found.add(out);
  }
  return found;
}
