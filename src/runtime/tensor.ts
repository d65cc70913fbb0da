import { DisposedError, ShapeError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import type { DType, HostArray } from "../tensor/dtype.ts";
import { hostValues, type Nested } from "../tensor/host.ts";
import { describe, type Shape, sameShape, sizeOf, type TensorType } from "../tensor/shape.ts";
import { activeTrace, checkNotInCell } from "./active-trace.ts";
import { Cell } from "./cell.ts";
import { currentRuntime } from "./current.ts";

/**
 * A lazy, immutable array. Ops on it return at once, with their shapes checked; elements are computed when they are
 * asked for or when a compiled step runs. Memory is given back when the tensor is no longer reachable, or at once by
 * `dispose()` or `using`.
 */
export class Tensor {
  #value: GraphValue;
  #isDisposed = false;

  constructor(value: GraphValue) {
    this.#value = value;
  }

  /** The graph value behind the tensor. For code that builds graphs; others use the functions. */
  get value(): GraphValue {
    if (this.#isDisposed) {
      throw new DisposedError(
        `tensor: a tensor cannot be used after dispose(); got ${describe(this.#value.type)}. Dispose of it when nothing that depends on it is wanted any more.`,
      );
    }
    return this.#value;
  }

  /** Replaces the computation by its result. */
  settle(cell: Cell): void {
    this.#value = cell.value;
  }

  get type(): TensorType {
    return this.#value.type;
  }
  get dtype(): DType {
    return this.#value.type.dtype;
  }
  get shape(): Shape {
    return this.#value.type.shape;
  }
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The elements, row-major, in an array of the caller's own. bool comes as 0 and 1. */
  async data(): Promise<HostArray> {
    return currentRuntime("data()").read(this);
  }

  /** The only element of a tensor of size 1; true and false for bool come as 1 and 0. */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: the tensor must have exactly one element; got ${describe(this.type)}. Use data(), or reduce it first.`,
      );
    }
    return (await this.data())[0] ?? Number.NaN;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const { node } = this.#value;
    if (node.op === "source" && node.holder instanceof Cell) node.holder.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor ${describe(this.type)}`;
  }
}

/** A tensor that can be assigned to: a model's parameter, an optimizer's state. Lives until it is disposed of. */
export class Variable extends Tensor {
  readonly cell: Cell;
  #assigned: GraphValue | undefined;

  constructor(type: TensorType, data: HostArray, name = "variable") {
    const cell = new Cell("variable", type, name);
    cell.host = hostValues(name, data, type).data;
    super(cell.value);
    this.cell = cell;
  }

  get name(): string {
    return this.cell.name;
  }

  /** The value to compute with: what was assigned last, or what is stored. */
  override get value(): GraphValue {
    if (this.cell.isDisposed) return super.value;
    return activeTrace()?.assigned.get(this.cell) ?? this.#assigned ?? this.cell.value;
  }

  /** What is assigned but not computed yet. */
  get assigned(): GraphValue | undefined {
    return this.#assigned;
  }

  /**
   * Gives the variable the value of `next`, of the same type. Inside a compiled step it takes effect when the step
   * has run; elsewhere with the next evaluation of anything.
   */
  assign(next: Tensor): void {
    if (next.dtype !== this.dtype || !sameShape(next.shape, this.shape)) {
      throw new ShapeError(
        `assign: the new value must have the variable's type; got ${describe(next.type)} for ${this.name} ${describe(this.type)}. Cast or reshape it.`,
      );
    }
    checkNotInCell(
      "assign: a variable cannot be assigned to",
      `Carry what changes from step to step, and assign ${this.name} after the scan.`,
    );
    const trace = activeTrace();
    if (trace !== undefined) trace.assigned.set(this.cell, next.value);
    else {
      this.#assigned = next.value;
      currentRuntime("assign").noteAssigned(this);
    }
  }

  /**
   * Replaces the elements by a copy of data of the host at once; converted as by `tensor` to the variable's dtype.
   * @throws ShapeError for another number of elements, ArgumentError for what the dtype cannot hold
   */
  load(data: Nested): void {
    const elements = hostValues(`load ${this.name}`, data, this.type).data;
    this.#assigned = undefined;
    this.cell.renew();
    this.cell.host = elements === data ? elements.slice() : elements;
  }

  /** The assigned value has been stored. */
  settleAssigned(): void {
    this.#assigned = undefined;
    this.cell.renew();
  }

  override dispose(): void {
    this.cell.dispose();
    super.dispose();
  }
}

/** A tensor with the given elements, one for each of the shape's. The array is not copied: leave it as it is until the tensor has been used. */
export function fromHost(type: TensorType, data: HostArray): Tensor {
  const cell = new Cell("data", type, "data");
  cell.host = hostValues("tensor", data, type).data;
  return new Tensor(cell.value);
}
