/**
 * What a walk is given, from what the step of a scan reads: columns of products, slices and captured values, in the order
 * in which a cell has them, innermost. Where slices are columns of products of one sequence, x·W in the step, it is the
 * weights that are put in order, and the sequence is multiplied once. A product that was there before the step is taken as
 * it is, since someone may ask for its gradient.
 */
import type { Given } from "../graph/close-over.ts";
import { emit, type GraphValue, type OpNode, type SourceNode } from "../graph/graph.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { Value } from "../ops/op.ts";
import { joinedLast } from "../ops/recurrence-loop.ts";
import type { Extent } from "../ops/tapes.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Input } from "./join-sums.ts";
import type { Place } from "./step-expression.ts";

const m = arithmetic(emit);

/** Columns of a matrix [rows, width] that a cell's units are: [rows, units]. */
interface Columns {
  readonly matrix: Value;
  readonly at: Place;
}

export class WalkInputs {
  /** Why something is read in an order that there is no walk for. */
  why: string | undefined;
  readonly #xs: ReadonlyMap<SourceNode, GraphValue>;
  readonly #extent: Extent;
  readonly #firstId: number;

  /** `firstId` is that of the step's first node. */
  constructor(xs: readonly Given[], extent: Extent, firstId: number) {
    this.#xs = new Map(xs.map(({ source, value }) => [source, value]));
    this.#extent = extent;
    this.#firstId = firstId;
  }

  /** [T, B, U, inputs]; zeros, as of one, where there are none. */
  projected(inputs: readonly Input[]): Value {
    const { steps, batch, units } = this.#extent;
    if (inputs.length === 0) return m.broadcastTo(m.literal(0), [steps, batch, units, 1]);
    const wide = [steps, batch, units, inputs.length];
    const products = inputs.map(({ of }) => this.#productOf(of));
    const [first] = products;
    if (products.some((own) => own === undefined || own.a !== first?.a) || first === undefined)
      return (
        this.#sideBySide(inputs) ??
        joinedLast(
          emit,
          inputs.map((input) => this.#sequence(input)),
        )
      );
    const columns = products.map((own) => own?.columns as Columns);
    const features = first.a.type.shape[1] ?? 0;
    const weights = m.reshape(this.#joined(columns), [features, units * inputs.length]);
    const { out } = emit("matmul", { a: first.a, b: weights }, PLAIN);
    return m.reshape(this.#biased(out, inputs), wide);
  }

  /** Of inputs that lie side by side in one sequence: all of it put in order at once. */
  #sideBySide(inputs: readonly Input[]): Value | undefined {
    const { steps, batch, units } = this.#extent;
    const [{ of: first } = {}] = inputs;
    if (first?.kind !== "slice") return undefined;
    const whole = this.#whole(first.source);
    const width = sizeOf(whole.type.shape) / (steps * batch);
    const isOfRows = ({ of }: Input) =>
      of.kind === "slice" && of.source === first.source && of.at.row === width;
    if (!inputs.every(isOfRows)) return undefined;
    const matrix = m.reshape(whole, [steps * batch, width]);
    const run = this.#run(inputs.map(({ of: { at } }) => ({ matrix, at })));
    if (run === undefined) return undefined;
    const rows = m.reshape(run, [steps * batch, units * inputs.length]);
    return m.reshape(this.#biased(rows, inputs), [steps, batch, units, inputs.length]);
  }

  /** Rows [T · B, U · inputs] with the biases of their columns. */
  #biased(rows: Value, inputs: readonly Input[]): Value {
    if (inputs.every(({ biases }) => biases.length === 0)) return rows;
    const { units } = this.#extent;
    return m.add(rows, m.reshape(this.#biases(inputs), [units * inputs.length]));
  }

  /** [U, U, sums]; undefined where there are none. */
  recurrent(
    sums: readonly { readonly node: OpNode<"matmul">; readonly at: Place }[],
  ): Value | undefined {
    const columns = sums.map(({ node, at }) => ({ matrix: weightsOf(node), at }));
    return columns.length === 0 ? undefined : this.#joined(columns);
  }

  /** [U] of a captured value that is the same for all rows. */
  vector(value: Value, at: Place): Value {
    const flat = m.reshape(value, [1, sizeOf(value.type.shape)]);
    const { units } = this.#extent;
    if (at.unit !== 0) return m.reshape(this.#columns({ matrix: flat, at }), [units]);
    const one = m.slice(flat, [0, at.offset], [1, 1]);
    return m.broadcastTo(m.reshape(one, [1]), [units]);
  }

  /** [U, inputs]. */
  #biases(inputs: readonly Input[]): Value {
    const [first] = inputs.map(({ biases }) => biases[0]?.value);
    const isOne = ({ biases: [one, ...others] }: Input) =>
      one !== undefined && one.value === first && one.at.unit !== 0 && others.length === 0;
    if (first === undefined || !inputs.every(isOne))
      return joinedLast(
        emit,
        inputs.map((input) => this.#biasOf(input)),
      );
    const matrix = m.reshape(first, [1, sizeOf(first.type.shape)]);
    return this.#joined(inputs.flatMap(({ biases }) => biases.map(({ at }) => ({ matrix, at }))));
  }

  #biasOf({ biases }: Input): Value {
    const all = biases.map(({ value, at }) => this.vector(value, at));
    const none = m.broadcastTo(m.literal(0), [this.#extent.units]);
    return all.length === 0 ? none : all.reduce((a, b) => m.add(a, b));
  }

  /** Of a slice of a product of all steps' rows, [T · B, I] · W: its rows, and which columns of W it is. */
  #productOf(of: Input["of"]): { readonly a: Value; readonly columns: Columns } | undefined {
    if (of.kind !== "slice") return undefined;
    const { steps, batch } = this.#extent;
    let whole = this.#whole(of.source);
    for (let { node } = whole; node.op === "reshape"; { node } = whole) whole = node.ins.x;
    const { node } = whole;
    if (node.op !== "matmul" || node.attrs.transposeA || node.id < this.#firstId) return undefined;
    const [rows, width] = whole.type.shape;
    const isOfRows = whole.type.shape.length === 2 && rows === steps * batch && of.at.row === width;
    if (!isOfRows || node.ins.b.type.shape.length !== 2) return undefined;
    return { a: node.ins.a, columns: { matrix: weightsOf(node), at: of.at } };
  }

  /** [T, B, U] of what a step reads, with its biases. */
  #sequence(input: Input): Value {
    const { steps, batch, units } = this.#extent;
    const { of } = input;
    const isSlice = of.kind === "slice";
    const value = isSlice ? this.#whole(of.source) : of.value;
    const count = isSlice ? steps : 1;
    const rows = of.at.row === 0 ? 1 : batch;
    const width = sizeOf(value.type.shape) / (count * rows);
    let own: Value;
    if (of.at.row !== 0 && of.at.row !== width) {
      this.why ??= "it reads rows in another order than that of the carry";
      own = m.literal(0);
    } else if (of.at.unit === 0) {
      const flat = m.reshape(value, [count, rows, width]);
      own = m.slice(flat, [0, 0, of.at.offset], [count, rows, 1]);
    } else {
      const matrix = m.reshape(value, [count * rows, width]);
      own = m.reshape(this.#columns({ matrix, at: of.at }), [count, rows, units]);
    }
    const whole = m.broadcastTo(own, [steps, batch, units]);
    return input.biases.length === 0 ? whole : m.add(whole, this.#biasOf(input));
  }

  #whole(source: SourceNode): GraphValue {
    return this.#xs.get(source) as GraphValue; // the leaves are slices of the xs
  }

  /** Columns side by side, innermost: [rows, units, columns]. */
  #joined(all: readonly Columns[]): Value {
    return (
      this.#run(all) ??
      joinedLast(
        emit,
        all.map((own) => this.#columns(own)),
      )
    );
  }

  /** The same of columns that follow each other in one matrix: taken as they lie. */
  #run(all: readonly Columns[]): Value | undefined {
    const [first] = all;
    if (first === undefined) return undefined;
    const { units } = this.#extent;
    const { matrix, at } = first;
    const [rows = 0, width = 0] = matrix.type.shape;
    const areApart = (by: number) =>
      all.every((own, i) => own.matrix === matrix && own.at.offset === at.offset + i * by);
    if (!all.every((own) => own.at.unit === at.unit)) return undefined;
    if (at.unit === 1 && areApart(units)) {
      const side = m.slice(matrix, [0, at.offset], [rows, all.length * units]);
      return m.transpose(m.reshape(side, [rows, all.length, units]), [0, 2, 1]);
    }
    if (at.unit < all.length || width !== units * at.unit || !areApart(1)) return undefined;
    const inner = m.reshape(matrix, [rows, units, at.unit]);
    return m.slice(inner, [0, 0, at.offset], [rows, units, all.length]);
  }

  /** [rows, units]. */
  #columns({ matrix, at: { offset, unit } }: Columns): Value {
    const [rows = 0, width = 0] = matrix.type.shape;
    const { units } = this.#extent;
    if (units === 1 || unit === 1) return m.slice(matrix, [0, offset], [rows, units]);
    if (width === units * unit && offset < unit) {
      const apart = m.reshape(matrix, [rows, units, unit]);
      return m.reshape(m.slice(apart, [0, 0, offset], [rows, units, 1]), [rows, units]);
    }
    this.why ??= "it reads units in another order than that of the carry";
    return m.broadcastTo(m.literal(0), [rows, units]);
  }
}

const PLAIN = { transposeA: false, transposeB: false };

/** Of a product a · b the matrix b as [rows, columns]. */
function weightsOf({ ins: { b }, attrs }: OpNode<"matmul">): Value {
  return attrs.transposeB ? m.transpose(b, [1, 0]) : b;
}
