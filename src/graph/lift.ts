/**
 * What a step computes of its slices alone, without the carry, for all steps at once: the same ops with the steps as one more
 * dimension in front.
 */
import { arithmetic } from "../ops/arithmetic.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Given } from "./close-over.ts";
import { emit, type GraphValue, inputsOf, type Node, type OpNode, reachable } from "./graph.ts";
import { mapValues } from "./rebuild.ts";

const m = arithmetic(emit);

export class Lifting {
  readonly #steps: number;
  /** By the value of a step. */
  readonly #lifted: Map<GraphValue, GraphValue>;
  readonly #liftable: Set<GraphValue>;
  readonly #inside: ReadonlySet<GraphValue>;
  readonly #rows = new Map<GraphValue, GraphValue>();

  /** `nodes` are those of a step, inputs first; `inside` what depends on what the step is given. */
  constructor(xs: readonly Given[], nodes: readonly Node[], inside: ReadonlySet<GraphValue>) {
    this.#steps = xs[0]?.value.type.shape[0] ?? 0;
    this.#inside = inside;
    this.#lifted = new Map(xs.map(({ source, value }) => [source.out, value]));
    this.#liftable = new Set(this.#lifted.keys());
    for (const node of nodes) {
      if (node.op === "source" || !canLift(node, inside)) continue;
      const read = inputsOf(node).filter((value) => inside.has(value));
      if (read.length > 0 && read.every((value) => this.#liftable.has(value)))
        this.#liftable.add(outOf(node));
    }
  }

  /** Whether a value of the step is made of slices, and of what is the same at every step. */
  has(value: GraphValue): boolean {
    return this.#liftable.has(value);
  }

  /** [steps, ...] of a value that is made so. */
  of(value: GraphValue): GraphValue {
    for (const node of reachable([value])) {
      if (node.op === "source") continue;
      const out = outOf(node);
      if (this.#liftable.has(out) && !this.#lifted.has(out))
        this.#lifted.set(out, this.#made(node));
    }
    return this.#lifted.get(value) as GraphValue; // made above, or given
  }

  #made(node: OpNode): GraphValue {
    const { shape } = outOf(node).type;
    switch (node.op) {
      case "unary":
      case "cast":
      case "binary":
      case "where": {
        const ins = mapValues(node.ins, (x) => this.#beside(x, shape.length));
        return outOf(emitted(node, ins, node.attrs));
      }
      case "reshape":
        return m.reshape(this.#of(node.ins.x), [this.#steps, ...shape]) as GraphValue;
      case "broadcastTo": {
        const x = this.#beside(node.ins.x, shape.length);
        return m.broadcastTo(x, [this.#steps, ...shape]) as GraphValue;
      }
      case "transpose": {
        const permutation = [0, ...node.attrs.permutation.map((d) => d + 1)];
        return m.transpose(this.#of(node.ins.x), permutation) as GraphValue;
      }
      case "slice": {
        const { starts, sizes } = node.attrs;
        const x = this.#of(node.ins.x);
        return m.slice(x, [0, ...starts], [this.#steps, ...sizes]) as GraphValue;
      }
      case "concat": {
        const xs = node.ins.xs.map((x) => this.#repeated(x));
        return emit("concat", { xs }, { axis: node.attrs.axis + 1 }).out as GraphValue;
      }
      case "reduce": {
        const { fn, axes, keepDims } = node.attrs;
        const own = axes.map((axis) => axis + 1);
        return m.reduce(fn, this.#of(node.ins.x), own, keepDims) as GraphValue;
      }
      case "embedding": {
        const { table, ids } = node.ins;
        return emit("embedding", { table, ids: this.#of(ids) }, {}).out as GraphValue;
      }
      case "conv2d": {
        const [images = 0, ...rest] = node.ins.x.type.shape;
        const x = m.reshape(this.#of(node.ins.x), [this.#steps * images, ...rest]);
        const { out } = emit("conv2d", { x, w: node.ins.w }, node.attrs);
        return m.reshape(out, [this.#steps, ...shape]) as GraphValue;
      }
      default:
        return this.#product(node as OpNode<"matmul">, shape);
    }
  }

  /** [steps, rows, columns] · [columns, n] as one product of matrices. */
  #product({ ins, attrs }: OpNode<"matmul">, shape: Shape): GraphValue {
    const [rows = 0, columns = 0] = ins.a.type.shape;
    const flat = [this.#steps * rows, columns];
    // One for all products of it: what is a walk's sequence is told by that.
    const a = this.#rows.get(ins.a) ?? (m.reshape(this.#of(ins.a), flat) as GraphValue);
    this.#rows.set(ins.a, a);
    return m.reshape(emit("matmul", { a, b: ins.b }, attrs).out, [
      this.#steps,
      ...shape,
    ]) as GraphValue;
  }

  #of(value: GraphValue): GraphValue {
    return this.#lifted.get(value) as GraphValue; // inputs come first
  }

  /** An operand of something of `rank`, the steps in front of all its dimensions; what is the same at every step as it is. */
  #beside(x: GraphValue, rank: number): GraphValue {
    if (!this.#inside.has(x)) return x;
    const { shape } = x.type;
    if (shape.length === rank) return this.#of(x);
    const ones = new Array<number>(rank - shape.length).fill(1);
    return m.reshape(this.#of(x), [this.#steps, ...ones, ...shape]) as GraphValue;
  }

  #repeated(x: GraphValue): GraphValue {
    if (this.#inside.has(x)) return this.#of(x);
    return m.broadcastTo(x, [this.#steps, ...x.type.shape]) as GraphValue;
  }
}

function canLift(node: OpNode, inside: ReadonlySet<GraphValue>): boolean {
  switch (node.op) {
    case "unary":
    case "cast":
    case "binary":
    case "where":
    case "reshape":
    case "broadcastTo":
    case "transpose":
    case "slice":
    case "concat":
    case "reduce":
      return true;
    case "embedding":
      return !inside.has(node.ins.table);
    case "conv2d":
      return !inside.has(node.ins.w);
    case "matmul": {
      const { a, b } = node.ins;
      const areMatrices = a.type.shape.length === 2 && b.type.shape.length === 2;
      return areMatrices && !inside.has(b) && !node.attrs.transposeA;
    }
    default:
      return false;
  }
}

function emitted(node: OpNode, ins: object, attrs: object): OpNode {
  const outs = emit(node.op, ins as never, attrs as never) as { readonly out: GraphValue };
  return outs.out.node as OpNode;
}

/** Of the ops that are lifted, which give one value. */
function outOf(node: OpNode): GraphValue {
  return (node.outs as { readonly out: GraphValue }).out;
}
