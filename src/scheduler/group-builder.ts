import { type GraphValue, inputsOf, type OpNode } from "../graph/graph.ts";
import type { Segment } from "../ops/packed.ts";
import type { DType } from "../tensor/dtype.ts";
import { type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { mergeDimensions } from "../tensor/walk.ts";
import { isElementwise } from "./elementwise.ts";
import type { GroupInstruction, GroupProgram, Register, View } from "./group-program.ts";
import { sameSegments, segmentsIn } from "./packs.ts";
import {
  across,
  elementStrides,
  isReduced,
  rowStrides,
  rowsOf,
  type Space,
  throughBroadcast,
  throughReduction,
  throughView,
} from "./space.ts";
import { type Extent, isView, placesIn, type ViewNode, viewOf } from "./views.ts";
import { aliased } from "./work.ts";

/**
 * Collects the instructions of a program over `space` that computes what is in `nodes` and reads everything else. A value
 * is asked for with strides: how far apart its elements lie, in its own order, along each dimension of the space.
 */
export class GroupBuilder {
  readonly ins: GraphValue[] = [];
  readonly #instructions: GroupInstruction[] = [];
  readonly #inputs: View[] = [];
  readonly #indices: View[] = [];
  readonly #registers = new Map<GraphValue, Map<string, Register>>();
  readonly #space: Space;
  readonly #nodes: ReadonlySet<OpNode>;
  #fits = true;

  constructor(space: Space, nodes: ReadonlySet<OpNode>) {
    this.#space = space;
    this.#nodes = nodes;
  }

  /** The program that stores `outs`; undefined where the space does not let one of `nodes` be computed. */
  program(outs: readonly GraphValue[]): GroupProgram | undefined {
    const stores = outs.map((out) => {
      const total = this.#total(out);
      if (total !== undefined) return total;
      const strides = this.#stridesOf(out);
      return { register: this.read(out, strides), strides };
    });
    if (!this.#fits) return undefined;
    const { shape, reduced } = this.#space;
    const views = [
      ...this.#inputs.map(({ strides }) => strides),
      ...this.#indices.map(({ strides }) => strides),
      ...stores.map(({ strides }) => strides),
    ];
    const part = (isRow: boolean) => {
      const own = <T>(list: readonly T[]) => list.filter((_, d) => (reduced[d] === true) === isRow);
      return mergeDimensions(own(shape), views.map(own));
    };
    const [kept, rows] = [part(false), part(true)];
    const reads = [...this.#inputs, ...this.#indices];
    const view = (v: number): View => ({
      ...(reads[v] ?? { offset: 0 }),
      strides: [...(kept.strides[v] ?? []), ...(rows.strides[v] ?? [])],
    });
    const firstStore = reads.length;
    const segments = this.#segments();
    if (!this.#fits) return undefined;
    if (segments !== undefined && !walksFlat([kept, rows], isReduced(this.#space), stores))
      return undefined;
    return {
      shape: [...kept.shape, ...rows.shape],
      kept: kept.shape.length,
      inputs: this.#inputs.map((_, i) => view(i)),
      indices: this.#indices.map((_, i) => view(this.#inputs.length + i)),
      instructions: this.#instructions,
      stores: stores.map(({ register, ...kind }, o) => ({
        ...view(firstStore + o),
        register,
        ...("isTotal" in kind && { isTotal: kind.isTotal }),
      })),
      ...(segments && { segments }),
    };
  }

  /** The places of the space that hold elements, where what is walked as a whole lies like a pack. */
  #segments(): readonly Segment[] | undefined {
    const whole = elementStrides(this.#space);
    const size = sizeOf(this.#space.shape);
    let found: readonly Segment[] | undefined;
    this.ins.forEach((value, i) => {
      const segments = segmentsIn(value);
      const { offset, strides } = this.#inputs[i] ?? { offset: 0, strides: [] };
      // A part of a pack that is read alone has other places.
      const isWhole = offset === 0 && sizeOf(value.type.shape) === size;
      if (segments === undefined || !isWhole || !sameShape(strides, whole)) return;
      if (found !== undefined && !sameSegments(found, segments)) this.#fits = false;
      found = segments;
    });
    return found;
  }

  /** The register that holds `value`, computed now if it is not there already. */
  read(value: GraphValue, strides: readonly number[]): Register {
    const base = renamed(value);
    const key = strides.join();
    const known = this.#registers.get(base) ?? new Map<string, Register>();
    this.#registers.set(base, known);
    const register = known.get(key) ?? this.#compute(base, strides, base !== value);
    known.set(key, register);
    return register;
  }

  /** How a sum over all rows is stored. */
  #total(out: GraphValue) {
    const node = totalIn(out, this.#space);
    if (node === undefined || !this.#nodes.has(node)) return undefined;
    const register = this.read(node.ins.x, elementStrides(this.#space));
    return { register, strides: rowStrides(across(this.#space)), isTotal: true as const };
  }

  /** Of something that is stored: an element for each of the space, or one for each row. */
  #stridesOf({ type }: GraphValue): number[] {
    const isPerRow = sizeOf(type.shape) !== sizeOf(this.#space.shape);
    if (isPerRow && sizeOf(type.shape) !== rowsOf(this.#space)) this.#fits = false;
    return isPerRow ? rowStrides(this.#space) : elementStrides(this.#space);
  }

  #compute(value: GraphValue, strides: readonly number[], isRenamed: boolean): Register {
    const { node } = value;
    const { dtype } = value.type;
    if (node.op === "source") return this.#load(value, { offset: 0, strides });
    if (node.op === "recompute") return this.#readAgain(value, strides);
    if (node.op === "literal")
      return this.#push({ kind: "literal", value: node.attrs.value, dtype });
    // Counted where it is wanted, rather than read.
    if (node.op === "iota") return this.#count(strides, dtype);
    if (node.op === "broadcastTo") return this.#broadcast(node, strides, isRenamed);
    if (!this.#nodes.has(node)) return this.#load(value, { offset: 0, strides });
    if (isView(node)) return this.#through(node, strides);
    if (node.op === "reduce") return this.#reduce(node, strides);
    if (!isElementwise(node)) return this.#load(value, { offset: 0, strides });
    const [x = 0, y = 0, z = 0] = inputsOf(node).map((input) =>
      this.#argument(input, value, strides),
    );
    switch (node.op) {
      case "unary":
        return this.#push({ kind: "unary", fn: node.attrs.fn, x, dtype });
      case "binary":
        return this.#push({ kind: "binary", fn: node.attrs.fn, a: x, b: y, dtype });
      case "where":
        return this.#push({ kind: "where", condition: x, a: y, b: z, dtype });
      case "cast":
        return this.#push({ kind: "cast", x, dtype });
      default:
        return node satisfies never;
    }
  }

  /** Read through. In another shape it may have none of the space's dimensions, and is stored for whoever names it so. */
  #broadcast(
    node: OpNode<"broadcastTo">,
    strides: readonly number[],
    isRenamed: boolean,
  ): Register {
    const { x } = node.ins;
    const { out } = node.outs;
    const own = throughBroadcast(x.type.shape, out.type.shape, strides, this.#space.shape);
    if (own !== undefined) return this.read(x, own);
    return isRenamed && !this.#nodes.has(node)
      ? this.#load(out, { offset: 0, strides })
      : this.#refuse();
  }

  /** An operand that is broadcast to what it is an operand of. */
  #argument(input: GraphValue, of: GraphValue, strides: readonly number[]): Register {
    const { shape } = this.#space;
    const own = throughBroadcast(input.type.shape, of.type.shape, strides, shape);
    return own === undefined ? this.#refuse() : this.read(input, own);
  }

  #reduce({ ins: { x }, attrs }: OpNode<"reduce">, strides: readonly number[]): Register {
    const { shape, dtype } = x.type;
    const own = throughReduction(shape, attrs.axes, strides, this.#space);
    if (own === undefined) return this.#refuse();
    const combine = attrs.fn === "mean" ? "sum" : attrs.fn;
    const total = this.#push({ kind: "reduce", combine, x: this.read(x, own), dtype });
    if (attrs.fn !== "mean") return total;
    // Divided, not multiplied with 1 / n, which is rounded: the mean of 7 threes is 3.
    const value = sizeOf(shape) / rowsOf(this.#space);
    const b = this.#push({ kind: "literal", value, dtype });
    return this.#push({ kind: "binary", fn: "div", a: total, b, dtype });
  }

  /** What a view shows, where it lies. What is computed here is not read through one. */
  #through(node: ViewNode, strides: readonly number[]): Register {
    const shown = viewOf(node, (read) => this.#nodes.has(read));
    const { source, offset, strides: viewed, within, ...beyond } = shown;
    const { node: maker } = source;
    if (maker.op !== "source" && this.#nodes.has(maker)) return this.#refuse();
    const { shape } = node.outs.out.type;
    const own = throughView(shape, viewed, strides, this.#space.shape);
    if (own === undefined) return this.#refuse();
    const element = this.#load(source, { offset, strides: own, ...beyond });
    if (within.length === 0) return element;
    const { dtype } = source.type;
    const inside = within.map((extent) => this.#isWithin(extent, shape, strides));
    const condition = inside.reduce((a, b) =>
      this.#push({ kind: "binary", fn: "and", a, b, dtype: "bool" }),
    );
    const zero = this.#push({ kind: "literal", value: 0, dtype });
    return this.#push({ kind: "where", condition, a: element, b: zero, dtype });
  }

  #isWithin(extent: Extent, shape: Shape, strides: readonly number[]): Register {
    const { offset, strides: along } = placesIn(extent, shape);
    const counted = throughView(shape, along, strides, this.#space.shape);
    if (counted === undefined) return this.#refuse();
    const a = this.#count(counted, "u32", offset);
    const b = this.#push({ kind: "literal", value: extent.size, dtype: "u32" });
    return this.#push({ kind: "binary", fn: "less", a, b, dtype: "bool" });
  }

  /** What a checkpoint reads again is never taken from the first computation: that would keep it alive. */
  #readAgain(value: GraphValue, strides: readonly number[]): Register {
    const { node } = aliased(value);
    const isMadeHere = node.op !== "source" && this.#nodes.has(node);
    return isMadeHere ? this.#refuse() : this.#load(value, { offset: 0, strides });
  }

  #load(value: GraphValue, view: View): Register {
    const input = this.ins.push(value) - 1;
    this.#inputs.push(view);
    return this.#push({ kind: "input", input, dtype: value.type.dtype });
  }

  #count(strides: readonly number[], dtype: DType, offset = 0): Register {
    const index = this.#indices.push({ offset, strides }) - 1;
    return this.#push({ kind: "index", index, dtype });
  }

  #refuse(): Register {
    this.#fits = false;
    return 0;
  }

  #push(instruction: GroupInstruction): Register {
    return this.#instructions.push(instruction) - 1;
  }
}

/** The sum over all rows of a space that `value` is, of elements that lie as the space is walked. */
export function totalIn(value: GraphValue, space: Space): OpNode<"reduce"> | undefined {
  const { node } = aliased(value);
  if (node.op !== "reduce" || node.attrs.fn !== "sum" || value.type.dtype !== "f32")
    return undefined;
  if (!isReduced(space) || rowsOf(space) === 1) return undefined;
  const { shape } = node.ins.x.type;
  const crossed = across(space);
  const walked = throughReduction(shape, node.attrs.axes, rowStrides(crossed), crossed);
  return walked && sameShape(walked, elementStrides(space)) ? node : undefined;
}

/**
 * Whether a space is walked place by place, as one that has places without elements has to be: in one dimension, and
 * storing either an element for each place or what they are reduced to.
 */
function walksFlat(
  parts: readonly { readonly shape: Shape; readonly strides: readonly (readonly number[])[] }[],
  isReduced: boolean,
  stores: readonly { readonly strides: readonly number[] }[],
): boolean {
  const isPerElement = ({ strides }: { readonly strides: readonly number[] }) =>
    strides.some((stride) => stride !== 0);
  return (
    parts.flatMap(({ shape }) => shape).length === 1 &&
    parts.every(({ strides }) => strides.flat().every((stride) => stride <= 1)) &&
    stores.every((store) => isPerElement(store) !== isReduced)
  );
}

/** What a group that reads `value` may reach: through broadcasts and other shapes of them. */
export function readFrom(value: GraphValue): GraphValue {
  let from = renamed(value);
  for (let { node } = from; node.op === "broadcastTo"; { node } = from) from = renamed(node.ins.x);
  return from;
}

/** The value that `value` is another shape of. */
function renamed(value: GraphValue): GraphValue {
  let base = value;
  for (let { node } = base; node.op === "reshape" || node.op === "stopGradient"; { node } = base)
    base = node.ins.x;
  return base;
}
