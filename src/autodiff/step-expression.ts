/**
 * What one step of a scan computes for unit u of row b, as a graph over values that stand for what the step is given: states,
 * columns of products, slices and captured values. Slices, reshapes and broadcasts are followed to what they show; so gates may be
 * computed together, [B, 4U], and taken apart later, or one by one.
 */
import { standFor } from "../graph/cell-step.ts";
import { firstId } from "../graph/close-over.ts";
import {
  dependents,
  emit,
  type GraphValue,
  type OpNode,
  reachable,
  type SourceNode,
} from "../graph/graph.ts";
import { mapValues } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import { broadcastStrides, type Shape, sameShape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { mergeDimensions } from "../tensor/walk.ts";

/** Where the element for row b and unit u lies in a tensor, in its row-major order: offset + row · b + unit · u. */
export interface Place {
  readonly offset: number;
  readonly row: number;
  readonly unit: number;
}

export type Leaf =
  | { readonly kind: "state"; readonly state: number }
  /** Of a product of the first state with something captured. */
  | { readonly kind: "sum"; readonly node: OpNode<"matmul">; readonly at: Place }
  /** Of a step's slice. */
  | { readonly kind: "slice"; readonly source: SourceNode; readonly at: Place }
  | { readonly kind: "captured"; readonly value: GraphValue; readonly at: Place };

const m = arithmetic(emit);

/** Reads steps over states of `batch` rows of `units`, whatever dimensions the rows are counted in. */
export class StepReader {
  /** Why something is no expression of one unit: the first reason. */
  why: string | undefined;
  /** The states that products read. */
  readonly multiplied = new Set<number>();
  /** What each value that is not computed stands for. */
  readonly leaves = new Map<GraphValue, Leaf>();
  readonly #carry: readonly SourceNode[];
  readonly #batch: number;
  readonly #units: number;
  readonly #inside: ReadonlySet<GraphValue>;
  readonly #firstId: number;
  readonly #known = new Map<GraphValue, Map<string, GraphValue>>();

  constructor(
    carry: readonly SourceNode[],
    xs: readonly SourceNode[],
    [batch, units]: readonly [number, number],
    roots: readonly GraphValue[],
  ) {
    this.#carry = carry;
    this.#batch = batch;
    this.#units = units;
    const given = [...carry, ...xs].map(({ out }) => out);
    this.#inside = dependents(reachable(roots), given);
    this.#firstId = firstId([...carry, ...xs]);
  }

  /** Of a value of the states' shape: one number. */
  read(value: GraphValue): GraphValue {
    return this.#at(value, { offset: 0, row: this.#units, unit: 1 });
  }

  #at(value: GraphValue, at: Place): GraphValue {
    const key = `${at.offset} ${at.row} ${at.unit}`;
    const known = this.#known.get(value) ?? new Map<string, GraphValue>();
    this.#known.set(value, known);
    const found = known.get(key) ?? this.#made(value, at);
    known.set(key, found);
    return found;
  }

  #made(value: GraphValue, at: Place): GraphValue {
    const { node } = value;
    // Someone may ask for its gradient, whatever it is made of.
    if (node.id < this.#firstId && value.type.dtype === "f32") return this.#captured(value, at);
    if (node.op === "literal") {
      return m.literal(node.attrs.value, node.attrs.dtype) as GraphValue;
    }
    if (node.op === "broadcastTo") return this.#operand(node.ins.x, value.type.shape, at);
    // Conditions are no captured values: they are read as what they are made of.
    const isBoolean = value.type.dtype === "bool" && node.id >= this.#firstId;
    if (!this.#inside.has(value) && !isBoolean) return this.#captured(value, at);
    if (node.op === "source") return this.#given(node, at);
    switch (node.op) {
      case "reshape":
        return this.#at(node.ins.x, at);
      case "slice": {
        const strides = stridesOf(node.ins.x.type.shape);
        const offset = node.attrs.starts.reduce((sum, n, d) => sum + n * (strides[d] ?? 0), 0);
        return this.#shown(node.ins.x, value.type.shape, { offset, strides }, at);
      }
      case "transpose": {
        const own = stridesOf(node.ins.x.type.shape);
        const strides = node.attrs.permutation.map((d) => own[d] ?? 0);
        return this.#shown(node.ins.x, value.type.shape, { offset: 0, strides }, at);
      }
      case "matmul":
        return this.#sum(node, at);
      case "unary":
      case "binary":
      case "where": {
        const ins = mapValues(node.ins, (x) => this.#operand(x, value.type.shape, at));
        if (this.why !== undefined) return this.#refuse(this.why);
        return Object.values(emit(node.op, ins as never, node.attrs as never))[0] as GraphValue;
      }
      case "cast": {
        const of = node.ins.x.type.dtype;
        if (of !== "bool" || value.type.dtype !== "f32")
          return this.#refuse(`it computes with ${of}`);
        const isOn = this.#at(node.ins.x, at);
        return this.why !== undefined
          ? this.#refuse(this.why)
          : (m.where(isOn, 1, 0) as GraphValue);
      }
      case "withGradient": {
        if (!node.attrs.rule.isElementwise)
          return this.#refuse("it reads several units at once, as a softmax or a running sum does");
        const { x, of } = node.ins;
        const ins = { x: this.#at(x, at), of: of.map((one) => this.#at(one, at)) };
        if (this.why !== undefined) return this.#refuse(this.why);
        return emit(node.op, ins, node.attrs).out as GraphValue;
      }
      case "reduce":
        return this.#refuse("it reduces over units or rows, which no walk holds together");
      default:
        return this.#refuse(`it computes ${node.op}, which is not among a cell's functions`);
    }
  }

  /** What is broadcast to `shape`. */
  #operand(x: GraphValue, shape: Shape, at: Place): GraphValue {
    if (sameShape(x.type.shape, shape)) return this.#at(x, at);
    return this.#shown(x, shape, { offset: 0, strides: broadcastStrides(x.type.shape, shape) }, at);
  }

  /** What a tensor of `shape` shows of x: from `offset` on, by strides. Rows may be those of several dimensions. */
  #shown(
    x: GraphValue,
    shape: Shape,
    { offset, strides }: { readonly offset: number; readonly strides: readonly number[] },
    at: Place,
  ): GraphValue {
    const { shape: sizes, strides: [own = []] = [] } = mergeDimensions(shape, [strides]);
    const walk = this.#walk(sizes, at);
    if (walk === undefined) return this.#refuse("it reads units across rows");
    const place = placed(walk, (d) => own[d] ?? 0);
    return this.#at(x, { ...place, offset: place.offset + offset });
  }

  #given(node: SourceNode, at: Place): GraphValue {
    const state = this.#carry.indexOf(node);
    if (state === -1) {
      const { dtype } = node.out.type;
      if (dtype !== "f32") return this.#refuse(`it reads ${dtype}`);
      const own = this.#settled(at, sizeOf(node.out.type.shape));
      return this.#leaf({ kind: "slice", source: node, at: own });
    }
    const { offset, row, unit } = this.#settled(at, this.#units);
    if (offset !== 0 || row !== this.#units || unit !== 1)
      return this.#refuse("it reads the state of other units");
    return this.#leaf({ kind: "state", state });
  }

  #captured(value: GraphValue, at: Place): GraphValue {
    if (value.type.dtype !== "f32") return this.#refuse(`it reads ${value.type.dtype}`);
    return this.#leaf({ kind: "captured", value, at: this.#settled(at, 0) });
  }

  /** Where there is one row or one unit, how far it is to the next says nothing: as if there were more, rows `width` wide. */
  #settled({ offset, row, unit }: Place, width: number): Place {
    return { offset, row: this.#batch === 1 ? width : row, unit: this.#units === 1 ? 1 : unit };
  }

  #sum(node: OpNode<"matmul">, at: Place): GraphValue {
    const { a, b } = node.ins;
    const state = this.#rowsOf(a);
    if (state === -1) return this.#refuse("it multiplies something that is computed in the step");
    if (this.#inside.has(b) || node.attrs.transposeA)
      return this.#refuse("it multiplies the state with something that is no matrix of weights");
    const width = node.outs.out.type.shape.at(-1) ?? 0;
    const column = this.#settled(at, width);
    if (column.row !== width || b.type.shape.length !== 2)
      return this.#refuse("it reads a product across rows");
    this.multiplied.add(state);
    return this.#leaf({ kind: "sum", node, at: column });
  }

  /** The state whose rows of units `value` is; -1 where it is none's. */
  #rowsOf(value: GraphValue): number {
    const { node, type } = value;
    if (type.shape.at(-1) !== this.#units) return -1;
    if (node.op === "reshape") return this.#rowsOf(node.ins.x);
    return node.op === "source" ? this.#carry.indexOf(node) : -1;
  }

  /** Of each dimension the index for row 0 and unit 0, and how it grows with both; undefined where it is no such walk. */
  #walk(shape: Shape, { offset, row, unit }: Place): Step[] | undefined {
    const strides = stridesOf(shape);
    let rest = offset;
    const steps = shape.map((_, d): Step => {
      const stride = strides[d] ?? 1;
      const start = Math.floor(rest / stride);
      rest -= start * stride;
      return { start, row: 0, unit: 0 };
    });
    for (const [by, count, role] of [
      [row, this.#batch, "row"],
      [unit, this.#units, "unit"],
    ] as const) {
      if (by === 0 || count === 1) continue;
      const d = shape.findIndex((n, own) => {
        const stride = strides[own] ?? 1;
        const { start, row: other } = steps[own] ?? { start: 0, row: 0 };
        const last = start + other * (this.#batch - 1) + (by / stride) * (count - 1);
        return n > 1 && by % stride === 0 && last < n;
      });
      const step = steps[d];
      if (step === undefined) return undefined;
      steps[d] = { ...step, [role]: by / (strides[d] ?? 1) };
    }
    return steps;
  }

  /** Something that stands for nothing, whatever its type should be: nobody computes with it. */
  #refuse(why: string): GraphValue {
    this.why ??= why;
    return m.literal(0) as GraphValue;
  }

  #leaf(leaf: Leaf): GraphValue {
    const stand = standFor(leaf.kind);
    this.leaves.set(stand, leaf);
    return stand;
  }
}

interface Step {
  readonly start: number;
  readonly row: number;
  readonly unit: number;
}

function placed(walk: readonly Step[], stride: (d: number) => number): Place {
  const total = (of: (step: Step) => number) =>
    walk.reduce((sum, step, d) => sum + of(step) * stride(d), 0);
  return { offset: total((s) => s.start), row: total((s) => s.row), unit: total((s) => s.unit) };
}
