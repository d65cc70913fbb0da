import { check, record, rule, shown, text } from "../arguments.ts";
import { dispose } from "../dispose.ts";
import { ArgumentError, DisposedError, InternalError, ShapeError, TraceError } from "../errors.ts";
import { GraphValue } from "../graph/graph.ts";
import type { DType, HostArray } from "../tensor/dtype.ts";
import { hostValues, type Nested } from "../tensor/host.ts";
import { describe, type Shape, sameShape, sizeOf, type TensorType } from "../tensor/shape.ts";
import { activeTrace, checkNotInCell } from "./active-trace.ts";
import { Cell } from "./cell.ts";
import type { PendingUpdate } from "./eager.ts";
import { cellsOf, queueOf, runtimeOf } from "./locate.ts";
import { replaceElements } from "./replace.ts";
import { fromSettled, settledForGood } from "./settled.ts";
import { standInFor } from "./stand-ins.ts";

const computed = rule("a value of a graph", (value) => value instanceof GraphValue);

/**
 * A lazy, immutable array. Ops on it return at once, with their shapes checked; elements are computed when they are
 * asked for or when a compiled step runs. Memory is given back when the tensor is no longer reachable, or at once by
 * `dispose()` or `using`.
 */
export class Tensor {
  #value: GraphValue;
  #isDisposed = false;

  /** For code that builds graphs; others call `tensor`. @throws ArgumentError for what is no value of a graph */
  constructor(value: GraphValue) {
    check("tensor", "its value", value, computed, "Make tensors by tensor([…]) and the functions.");
    this.#value = value;
  }

  /** The graph value behind the tensor. For code that builds graphs; others use the functions. */
  get value(): GraphValue {
    if (this.#isDisposed) throw disposed(this.#value.type);
    // What has been computed takes the place of the computation, which can then be forgotten.
    this.#value = settledForGood(this.#value);
    return this.#value;
  }

  /** dtype and shape. */
  get type(): TensorType {
    return this.#value.type;
  }
  /** What its elements are. */
  get dtype(): DType {
    return this.#value.type.dtype;
  }
  /** The sizes of its dimensions; [] of a single number. */
  get shape(): Shape {
    return this.#value.type.shape;
  }
  /** How many elements it has. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * The elements, row-major, in an array of the caller's own. bool comes as 0 and 1.
   * @throws TraceError while a step is traced, DeviceLostError where they are gone with their device, DisposedError after
   *   dispose(), OutOfMemoryError where what it takes has no room
   */
  async data(): Promise<HostArray> {
    return runtimeOf(cellsOf(fromSettled([this.value])), "data()").read(this);
  }

  /**
   * The only element of a tensor of size 1; true and false for bool come as 1 and 0.
   * @throws ShapeError for another size, and what `data` throws
   */
  async item(): Promise<number> {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: the tensor must have exactly one element; got ${describe(this.type)}. Use data(), or reduce it first.`,
      );
    }
    return (await this.data())[0] ?? Number.NaN;
  }

  /** Gives the memory back; steps and reads that were called before still see the elements. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const { node } = settledForGood(this.#value);
    const cell = node.op === "source" ? node.holder : undefined;
    if (!(cell instanceof Cell)) return;
    const runtime = queueOf([cell]);
    if (runtime === undefined) cell.dispose();
    else runtime.inOrder(() => cell.dispose());
  }

  protected get isDisposed(): boolean {
    return this.#isDisposed;
  }

  [dispose](): void {
    this.dispose();
  }

  /** `Tensor f32[32, 10]`. */
  toString(): string {
    return `Tensor ${describe(this.type)}`;
  }

  /** A text, in `${x}`. @throws ArgumentError for `x + 1`, `x > 0` and all that would have to be a number by now */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw new ArgumentError(
      `tensor: operators compute with numbers, not with tensors; got ${describe(this.type)}. Write add(a, b), greater(a, b), and await x.item() or x.data() for values.`,
    );
  }
}

/** A tensor that can be assigned to: a model's parameter, an optimizer's state. Lives until it is disposed of. */
export class Variable extends Tensor {
  /** For the runtime: where its elements lie. */
  readonly cell: Cell;
  #assigned: GraphValue | undefined;

  /** As `variable` makes it. @throws ShapeError, DTypeError, ArgumentError for data that does not fit the type */
  constructor(type: TensorType, data: HostArray, name = "variable") {
    check("variable", "the name", name, text);
    check("variable", "the type", type, record, "It is { dtype, shape }.");
    const given = hostValues(name, data, type);
    const cell = new Cell("variable", given.type, name);
    cell.host = given.data;
    super(cell.value);
    this.cell = cell;
  }

  /** What errors call it. */
  get name(): string {
    return this.cell.name;
  }

  /** The value to compute with: what stands in for it, what was assigned last, or what is stored. */
  override get value(): GraphValue {
    if (this.isDisposed) return super.value;
    const other = standInFor(this.cell);
    if (other !== undefined) return other;
    const trace = activeTrace();
    if (trace !== undefined) this.#settleBefore();
    return trace?.assigned.get(this.cell) ?? this.#assigned ?? this.cell.value;
  }

  /** What is traced runs after the assignments that are pending now. */
  #settleBefore(): void {
    if (this.#assigned !== undefined) runtimeOf([this.cell], "compile").flush();
  }

  /** What is assigned but not computed yet. @internal */
  get assigned(): GraphValue | undefined {
    return this.#assigned;
  }

  /**
   * Gives the variable the value of `next`, of the same type. Inside a compiled step it takes effect when the step
   * has run; elsewhere with the next evaluation of anything.
   * @throws ShapeError for another shape or dtype; ArgumentError for what is no tensor, and while a tensor stands in for
   *   the variable; TraceError inside the cell of a scan
   */
  assign(next: Tensor): void {
    if (!(next instanceof Tensor)) {
      throw new ArgumentError(
        `assign: the new value must be a tensor; got ${shown(next)} for ${this.name}. For numbers of the host there is load().`,
      );
    }
    if (next.dtype !== this.dtype || !sameShape(next.shape, this.shape)) {
      throw new ShapeError(
        `assign: the new value must have the variable's type; got ${describe(next.type)} for ${this.name} ${describe(this.type)}. Cast or reshape it.`,
      );
    }
    checkNotInCell(
      "assign: a variable cannot be assigned to",
      `Carry what changes from step to step, and assign ${this.name} after the scan.`,
    );
    if (standInFor(this.cell) !== undefined) {
      throw new ArgumentError(
        `assign: a variable that a tensor stands in for cannot be assigned to; got ${this.name}. Leave it out of functionalCall's parameters.`,
      );
    }
    const trace = activeTrace();
    if (trace !== undefined) {
      this.#settleBefore();
      trace.assigned.set(this.cell, next.value);
    } else {
      const runtime = runtimeOf([this.cell], "assign");
      this.#assigned = next.value;
      runtime.noteAssigned(this);
    }
  }

  /**
   * Replaces the elements by a copy of data of the host, converted as by `tensor` to the variable's dtype. Steps and reads
   * that were called before see the elements before.
   * @throws ShapeError for another number of elements, ArgumentError for what the dtype cannot hold, TraceError while a
   *   step is traced
   */
  load(data: Nested): void {
    const { cell } = this;
    if (this.isDisposed) throw disposed(this.type);
    if (activeTrace() !== undefined) {
      throw new TraceError(
        `load: a variable cannot be loaded while a step is traced; got ${this.name}. Load it before the step, or assign to it.`,
      );
    }
    const converted = hostValues(`load ${this.name}`, data, this.type).data;
    const elements = converted === data ? converted.slice() : converted;
    this.#assigned = undefined;
    queueOf([cell])?.forgetAssigned(this);
    replaceElements(cell, elements);
  }

  /** For the runtime: the assignment that is pending takes effect with what is called now. @internal */
  takeAssigned(): PendingUpdate | undefined {
    const value = this.#assigned;
    this.#assigned = undefined;
    const { cell } = this;
    if (value === undefined || cell.isDisposed) return undefined;
    const { node } = cell.value;
    if (node.op !== "source") throw new InternalError("a cell's value is no source.");
    const version = cell.renew();
    return { cell, source: node, value, version, next: cell.value };
  }

  override dispose(): void {
    this.#assigned = undefined;
    super.dispose();
  }
}

function disposed(type: TensorType): DisposedError {
  return new DisposedError(
    `tensor: a tensor cannot be used after dispose(); got ${describe(type)}. Dispose of it when nothing that depends on it is wanted any more.`,
  );
}

/** A tensor with the given elements, one for each of the shape's. The array is not copied, and read when the tensor is used first. */
export function fromHost(type: TensorType, data: HostArray): Tensor {
  const cell = new Cell("data", type, "data");
  cell.host = hostValues("tensor", data, type).data;
  return new Tensor(cell.value);
}
