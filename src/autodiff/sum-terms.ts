/**
 * Sums that gradients are made of, in fewer and simpler terms. What is broadcast in the forward pass is summed over in the
 * backward pass: Σ k·a is k·Σa where k is the same along the sum, and Σ k·(x − mean(x)) is nothing. So all sums of a norm's
 * gradient are of what came in, none waits for another, and one walk makes them together: Σg and Σg·x̂. Only what a
 * gradient has broadcast for itself is looked through: someone may ask for the second derivative of anything older.
 */
import { emit, type GraphValue, type OpNode } from "../graph/graph.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import { keptShape } from "../ops/reduce.ts";
import { type Shape, sameShape } from "../tensor/shape.ts";
import { graphValue } from "./accumulate.ts";

/** How far down a term is looked at: keeps the time that a long expression takes linear. */
const DEPTH = 6;

/**
 * What `value` is in simpler terms, if it is a sum that a vjp has made for itself; undefined for nothing. A sum of what
 * is in `shared` stays: others, products of it above all, go over it anyway. `firstId` is that of the pass's first node.
 */
export function inFewerTerms(
  value: GraphValue,
  shared: readonly (GraphValue | undefined)[],
  firstId: number,
): GraphValue | undefined {
  const { node } = value;
  const m = arithmetic(emit);
  if (node.op === "reshape") {
    const { x } = node.ins;
    const inner = inFewerTerms(x, shared, firstId);
    if (inner === undefined || inner === x) return inner && value;
    return graphValue(m.reshape(inner, value.type.shape));
  }
  if (node.op !== "reduce" || node.attrs.fn !== "sum" || value.type.dtype !== "f32") return value;
  if (shared.includes(node.ins.x)) return value;
  const sum = new Sum(node, firstId);
  const total = sum.of(node.ins.x, DEPTH);
  if (total === undefined || !sum.isSimpler) return total && value;
  return graphValue(m.reshape(total, value.type.shape));
}

class Sum {
  readonly #axes: readonly number[];
  readonly #shape: Shape;
  readonly #firstId: number;
  readonly #m = arithmetic(emit);
  isSimpler = false;

  constructor({ ins, attrs }: OpNode<"reduce">, firstId: number) {
    this.#firstId = firstId;
    this.#axes = attrs.axes;
    this.#shape = ins.x.type.shape;
  }

  /** With size 1 along the axes; undefined where it is zero. */
  of(x: GraphValue, depth: number): GraphValue | undefined {
    const { node } = x;
    if (depth > 0 && node.op === "unary" && node.attrs.fn === "neg") {
      const total = this.of(node.ins.x, depth - 1);
      return total && graphValue(this.#m.unary("neg", total));
    }
    if (this.#isNothing(x, depth)) return undefined;
    if (depth > 0 && node.op === "binary" && this.#isWhole(node.ins.a, node.ins.b)) {
      const { a, b } = node.ins;
      const { fn } = node.attrs;
      if ((fn === "add" || fn === "sub") && this.#isNothing(b, depth))
        return this.#simpler(a, depth);
      if (fn === "add" && this.#isNothing(a, depth)) return this.#simpler(b, depth);
    }
    return this.#product(x, depth);
  }

  #simpler(x: GraphValue, depth: number): GraphValue | undefined {
    this.isSimpler = true;
    return this.of(x, depth - 1);
  }

  /** With the factors that are the same along the axes in front. */
  #product(x: GraphValue, depth: number): GraphValue {
    const { same, others } = this.#factors(x, depth);
    const rest = others.length === 0 ? undefined : others.reduce((a, b) => this.#mul(a, b));
    const isWorth = same.some(({ value }) => value.node.op !== "literal");
    if (!isWorth || rest === undefined || !this.#isWhole(rest)) return this.#sum(x);
    this.isSimpler = true;
    return same.reduce(
      (total, { value, divides }) => graphValue(this.#m[divides ? "div" : "mul"](total, value)),
      this.#sum(rest),
    );
  }

  #sum(x: GraphValue): GraphValue {
    return graphValue(
      this.#m.reshape(this.#m.sum(x, this.#axes), keptShape(this.#shape, this.#axes)),
    );
  }

  #mul(a: GraphValue, b: GraphValue): GraphValue {
    return graphValue(this.#m.mul(a, b));
  }

  #factors(x: GraphValue, depth: number): Factors {
    if (this.#isSame(x))
      return { same: [{ value: this.#unspread(x), divides: false }], others: [] };
    const { node } = x;
    if (depth > 0 && node.op === "binary" && node.id >= this.#firstId) {
      const { a, b } = node.ins;
      if (node.attrs.fn === "mul") {
        const [one, other] = [this.#factors(a, depth - 1), this.#factors(b, depth - 1)];
        return {
          same: [...one.same, ...other.same],
          others: [...one.others, ...other.others],
        };
      }
      if (node.attrs.fn === "div" && this.#isSame(b)) {
        const { same, others } = this.#factors(a, depth - 1);
        return { same: [...same, { value: this.#unspread(b), divides: true }], others };
      }
    }
    return { same: [], others: [x] };
  }

  /** Whether the sum of x is zero whatever x is: what is the same along the axes times a deviation from the mean. */
  #isNothing(x: GraphValue, depth: number): boolean {
    const { others } = this.#factors(x, depth);
    const [one] = others;
    return others.length === 1 && one !== undefined && this.#isDeviation(one);
  }

  #isDeviation(x: GraphValue): boolean {
    const { node } = x;
    if (node.op !== "binary" || node.attrs.fn !== "sub" || !this.#isWhole(x, node.ins.a))
      return false;
    const { a, b } = node.ins;
    const mean = this.#unspread(b);
    let from = mean;
    while (from.node.op === "reshape") from = from.node.ins.x;
    if (from.node.op !== "reduce" || from.node.attrs.fn !== "mean" || from.node.ins.x !== a)
      return false;
    const { axes } = from.node.attrs;
    return (
      axes.every((axis) => this.#axes.includes(axis)) &&
      sameShape(mean.type.shape, keptShape(a.type.shape, axes))
    );
  }

  #isWhole(...values: readonly GraphValue[]): boolean {
    return values.every(({ type }) => sameShape(type.shape, this.#shape));
  }

  /** Whether it is the same along all axes of the sum. */
  #isSame(x: GraphValue): boolean {
    const { shape } = this.#unspread(x).type;
    const added = this.#shape.length - shape.length;
    return this.#axes.every((axis) => axis < added || shape[axis - added] === 1);
  }

  /** What is broadcast to `x`. */
  #unspread(x: GraphValue): GraphValue {
    const { node } = x;
    if (node.op !== "broadcastTo" || node.id < this.#firstId) return x;
    return this.#unspread(node.ins.x);
  }
}

interface Factors {
  /** The same along the axes, in a shape that says so. */
  readonly same: readonly { readonly value: GraphValue; readonly divides: boolean }[];
  readonly others: readonly GraphValue[];
}
