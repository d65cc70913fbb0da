/**
 * Decides in which buffer, and where in it, every value lies. Views share their source's memory; outputs and updated
 * variables are written where they are wanted if nobody still needs what is there; ops that overwrite get a copy
 * of their input where it lives on; tensors that a kernel wants side by side are made side by side.
 * Invariant: a region is only written by a later work item once every reader of its present value has run.
 */
import { InternalError } from "../errors.ts";
import { type GraphValue, inputsOf, type OpNode } from "../graph/graph.ts";
import { packedOffsets } from "../ops/packed.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf, sameShape, sizeOf, type TensorType } from "../tensor/shape.ts";
import {
  contiguousOffset,
  gatheredInputs,
  listOf,
  overwritten,
  type PackList,
  packedOutputs,
  packLists,
} from "./demands.ts";
import { termInputs } from "./group-program.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import { findEndangered, type Move } from "./moves.ts";
import type { PlanRequest } from "./request.ts";
import { rowsOf } from "./space.ts";
import { aliased, type GroupWork, isAlias, readsOf, viewed, type Work, writesOf } from "./work.ts";

export interface BufferDraft {
  bytes: number;
  /** Index of the binding, or undefined for a temporary buffer. */
  readonly binding: number | undefined;
}

export interface Copy {
  readonly kind: "copy";
  readonly from: Region;
  readonly to: Region;
  readonly why: string;
}

/** A work item whose operands have places, or a copy between places. */
export type PlacedWork =
  | {
      readonly kind: "work";
      readonly work: Work;
      /** Inputs of the op, by name, that are read from copies: the same value may be copied for several of them. */
      readonly copied: ReadonlyMap<string, readonly Region[]>;
    }
  | Copy;

export interface Storage {
  readonly buffers: readonly BufferDraft[];
  readonly sequence: readonly PlacedWork[];
  readonly regionOf: (value: GraphValue) => Region;
}

/** What of an op's inputs forbids that one of them is written over. */
interface Hazards {
  /** Buffers of inputs that are read only. */
  readonly read: ReadonlySet<number>;
  /** Inputs that are written over, by what they are views of. */
  readonly written: ReadonlyMap<GraphValue, readonly GraphValue[]>;
}

const NEVER = Number.POSITIVE_INFINITY;

export function assignStorage(
  work: readonly Work[],
  request: PlanRequest,
  traits: DeviceTraits,
): Storage {
  return new StorageAssigner(work, request, traits).assign();
}

class StorageAssigner {
  readonly #buffers: BufferDraft[] = [];
  readonly #regions = new Map<GraphValue, Region>();
  /** Where values that are wanted in a certain place should be made. */
  readonly #wanted = new Map<GraphValue, Region>();
  readonly #sequence: PlacedWork[] = [];
  /** Which work item makes a value. */
  readonly #maker = new Map<GraphValue, number>();
  /** Work items that read a value or a view of it, in order. */
  readonly #readers = new Map<GraphValue, number[]>();
  readonly #work: readonly Work[];
  readonly #request: PlanRequest;
  readonly #traits: DeviceTraits;

  constructor(work: readonly Work[], request: PlanRequest, traits: DeviceTraits) {
    this.#work = work;
    this.#request = request;
    this.#traits = traits;
  }

  assign(): Storage {
    const { bindings, outputs } = this.#request;
    const bytes = [
      ...bindings.map((bound) => bound.bytes),
      ...outputs.map(({ type }) => bytesOf(type)),
    ];
    this.#buffers.push(...bytes.map((n, binding) => ({ bytes: n, binding })));
    for (const [node, { binding, offset }] of this.#request.placements) {
      this.#regions.set(node.out, { buffer: binding, offset, type: node.out.type });
    }
    this.#findReaders();
    this.#wantPacks();
    this.#wantOutputs();
    this.#wantUpdates();
    for (const [index, work] of this.#work.entries()) this.#place(work, index);
    this.#finish();
    return {
      buffers: this.#buffers,
      sequence: this.#sequence,
      regionOf: (value) => this.#region(value),
    };
  }

  #findReaders(): void {
    this.#work.forEach((work, index) => {
      for (const value of writesOf(work)) this.#maker.set(value, index);
      for (const value of readsOf(work)) this.#addReader(value, index);
    });
    for (const value of this.#request.outputs) this.#addReader(value, NEVER);
    for (const { value } of this.#request.updates) this.#addReader(value, NEVER);
  }

  #addReader(value: GraphValue, index: number): void {
    const base = viewed(value);
    const readers = this.#readers.get(base);
    if (readers === undefined) this.#readers.set(base, [index]);
    else readers.push(index);
  }

  /** Whether anybody reads `value` after work item `index`. */
  #isReadAfter(value: GraphValue, index: number): boolean {
    return (this.#readers.get(viewed(value))?.at(-1) ?? index) > index;
  }

  #wantPacks(): void {
    const nodes = this.#work.filter((work) => work.kind === "op").map(({ node }) => node);
    // What kernels can only make side by side goes first: what they read may be brought there.
    for (const node of nodes) {
      for (const outputs of packedOutputs(node)) this.#wantSideBySide(outputs);
      this.#wantOverwritten(node);
    }
    for (const node of nodes) {
      const lists = [...packLists(node).map(({ inputs }) => inputs), ...gatheredInputs(node)];
      for (const inputs of lists) {
        const bases = inputs.map(aliased);
        if (new Set(bases).size === bases.length && bases.every((base) => this.#isFree(base)))
          this.#wantSideBySide(bases);
      }
    }
  }

  #wantSideBySide(values: readonly GraphValue[]): void {
    const { offsets, length } = packedOffsets(values.map(({ type }) => type.shape));
    const buffer = this.#temporary(length * BYTES_PER_ELEMENT);
    for (const [i, value] of values.entries()) {
      this.#wanted.set(value, { buffer, offset: offsets[i] ?? 0, type: value.type });
    }
  }

  /** What an op overwrites by one of its packed outputs is made in that place. */
  #wantOverwritten(node: OpNode): void {
    const packed = new Set(packedOutputs(node).flat());
    for (const { input, output } of overwritten(node)) {
      const place = packed.has(output) ? this.#wanted.get(output) : undefined;
      const base = aliased(input);
      if (place !== undefined && this.#isFree(base))
        this.#wanted.set(base, { ...place, type: base.type });
    }
  }

  /** Whether it is made here, and wanted nowhere so far. */
  #isFree(value: GraphValue): boolean {
    return this.#maker.has(value) && !this.#wanted.has(value);
  }

  #wantOutputs(): void {
    this.#request.outputs.forEach((value, i) => {
      const base = aliased(value);
      if (!this.#maker.has(base) || this.#wanted.has(base)) return;
      this.#wanted.set(base, {
        buffer: this.#request.bindings.length + i,
        offset: 0,
        type: base.type,
      });
    });
  }

  #wantUpdates(): void {
    for (const { source, value } of this.#request.updates) {
      const base = aliased(value);
      const maker = this.#maker.get(base);
      const place = this.#regions.get(source.out);
      if (maker === undefined || place === undefined || this.#wanted.has(base)) continue;
      const readers = this.#readers.get(source.out) ?? [];
      const isFree = readers.every(
        (reader) =>
          reader < maker || (reader === maker && this.#canUpdateInPlace(maker, source.out, base)),
      );
      if (isFree) this.#wanted.set(base, { ...place, type: base.type });
    }
  }

  /** Whether work item `index` may write `to` over `from` while it reads `from`. */
  #canUpdateInPlace(index: number, from: GraphValue, to: GraphValue): boolean {
    const work = this.#work[index];
    if (work === undefined) return false;
    if (work.kind === "group") return canGroupUpdate(work, from, to);
    const reads = inputsOf(work.node).filter((input) => viewed(input) === from);
    return (
      reads.length === 1 &&
      overwritten(work.node).some(({ input, output }) => aliased(input) === from && output === to)
    );
  }

  #place(work: Work, index: number): void {
    const copied = new Map<string, Region[]>();
    if (work.kind === "op") {
      if (work.node.op === "slice" && this.#viewSlice(work.node)) return;
      const hazards = this.#hazardsOf(work.node);
      for (const list of packLists(work.node)) this.#pack(work.node, list, index, hazards, copied);
      this.#overwrite(work.node, index, hazards, copied);
    }
    for (const value of writesOf(work)) {
      if (!this.#regions.has(value))
        this.#regions.set(value, this.#wanted.get(value) ?? this.#fresh(value.type));
    }
    this.#sequence.push({ kind: "work", work, copied });
  }

  /** A slice that is one contiguous, aligned range of its source needs no copy, unless it is wanted elsewhere. */
  #viewSlice(node: OpNode<"slice">): boolean {
    const { x } = node.ins;
    const { out } = node.outs;
    if (this.#wanted.has(out)) return false;
    const offset = contiguousOffset(x.type.shape, node.attrs.starts, node.attrs.sizes);
    const base = this.#region(x);
    if (offset === undefined || (base.offset + offset) % this.#traits.viewAlignment !== 0)
      return false;
    this.#regions.set(out, { buffer: base.buffer, offset: base.offset + offset, type: out.type });
    return true;
  }

  /** Brings the tensors of a packed input side by side if they are not, or may not be written where they are. */
  #pack(
    node: OpNode,
    { name, inputs, outputs }: PackList,
    index: number,
    hazards: Hazards,
    copied: Map<string, Region[]>,
  ): void {
    const regions = inputs.map((value) => this.#region(value));
    const { offsets, length } = packedOffsets(inputs.map((value) => value.type.shape));
    const [first] = regions;
    if (first === undefined) return;
    const arePacked = regions.every(
      (r, i) => r.buffer === first.buffer && r.offset === first.offset + (offsets[i] ?? 0),
    );
    const mayBeWritten = outputs.every((output, i) => {
      const input = inputs[i];
      return input !== undefined && this.#mayOverwrite(hazards, input, output, index);
    });
    if (arePacked && mayBeWritten) return;
    const buffer = this.#temporary(length * BYTES_PER_ELEMENT);
    const places = inputs.map(({ type }, i): Region => ({ buffer, offset: offsets[i] ?? 0, type }));
    for (const [i, to] of places.entries()) {
      const from = regions[i];
      if (from !== undefined)
        this.#copy(from, to, `${node.op} works on tensors that lie side by side`);
      const output = outputs[i];
      if (output !== undefined) this.#regions.set(output, to);
    }
    copied.set(name, places);
  }

  #overwrite(node: OpNode, index: number, hazards: Hazards, copied: Map<string, Region[]>): void {
    for (const { name, index: at, input, output } of overwritten(node)) {
      if (this.#regions.has(output)) continue;
      const from = this.#region(input);
      if (this.#mayOverwrite(hazards, input, output, index)) {
        this.#regions.set(output, { ...from, type: output.type });
        continue;
      }
      const to = { ...(this.#wanted.get(output) ?? this.#fresh(output.type)), type: input.type };
      this.#copy(from, to, `${node.op} overwrites its input, which is still needed`);
      const places = copied.get(name) ?? listOf(node, name).map((value) => this.#region(value));
      places[at] = to;
      copied.set(name, places);
      this.#regions.set(output, { ...to, type: output.type });
    }
  }

  #hazardsOf(node: OpNode): Hazards {
    const pairs = overwritten(node);
    const hazards = { read: new Set<number>(), written: new Map<GraphValue, GraphValue[]>() };
    if (pairs.length === 0) return hazards;
    const written = new Set(pairs.map(({ input }) => input));
    for (const value of inputsOf(node)) {
      const views = hazards.written.get(viewed(value));
      if (!written.has(value)) hazards.read.add(this.#region(value).buffer);
      else if (views === undefined) hazards.written.set(viewed(value), [value]);
      else views.push(value);
    }
    return hazards;
  }

  /** Whether `output` may take the place of `input`: nobody needs it there later, and `output` is wanted nowhere else. */
  #mayOverwrite(
    { read, written }: Hazards,
    input: GraphValue,
    output: GraphValue,
    index: number,
  ): boolean {
    if (this.#isReadAfter(input, index)) return false;
    // Kernels may write before they have read everything, and a GPU binds a buffer that it writes only once.
    const place = this.#region(input);
    if (read.has(place.buffer)) return false;
    const views = written.get(viewed(input)) ?? [];
    const isOnce = views.indexOf(input) === views.lastIndexOf(input);
    const isInTheWay = (value: GraphValue) =>
      value !== input && this.#region(value).buffer === place.buffer;
    if (!isOnce || views.some(isInTheWay)) return false;
    const wanted = this.#wanted.get(output);
    if (wanted !== undefined)
      return wanted.buffer === place.buffer && wanted.offset === place.offset;
    return this.#maker.has(aliased(input)) && viewed(input) === aliased(input);
  }

  /** Brings outputs and updates to where they belong if they were not made there. */
  #finish(): void {
    const wishes: Move[] = [];
    this.#request.outputs.forEach((value, i) => {
      const to = { buffer: this.#request.bindings.length + i, offset: 0, type: value.type };
      wishes.push({
        from: this.#region(value),
        to,
        why: "the result is a view of, or shared with, another value",
      });
    });
    for (const { source, value } of this.#request.updates) {
      wishes.push({
        from: this.#region(value),
        to: this.#region(source.out),
        why: `${source.holder.name} takes its new value`,
      });
    }
    const moves = wishes.filter(
      ({ from, to }) => from.buffer !== to.buffer || from.offset !== to.offset,
    );
    // A value that another move is about to overwrite is set aside first.
    const isEndangered = findEndangered(moves);
    const safe = moves.map((move) => {
      if (!isEndangered(move)) return move;
      const aside = this.#fresh(move.from.type);
      this.#copy(move.from, aside, "its place is about to take another value");
      return { ...move, from: aside };
    });
    for (const { from, to, why } of safe) this.#copy(from, to, why);
  }

  #copy(from: Region, to: Region, why: string): void {
    if (sizeOf(from.type.shape) > 0)
      this.#sequence.push({ kind: "copy", from, to: { ...to, type: from.type }, why });
  }

  #temporary(bytes: number): number {
    return this.#buffers.push({ bytes, binding: undefined }) - 1;
  }

  #fresh(type: TensorType): Region {
    return { buffer: this.#temporary(bytesOf(type)), offset: 0, type };
  }

  #region(value: GraphValue): Region {
    let base = value;
    let known = this.#regions.get(base);
    while (known === undefined) {
      const { node } = base;
      if (!isAlias(node)) {
        throw new InternalError(`${node.op}: a value is read before it has a place.`);
      }
      base = node.ins.x;
      known = this.#regions.get(base);
    }
    return base === value ? known : { ...known, type: value.type };
  }
}

/**
 * Whether a group may write `to` over `from`: only what is read through the very view that it is written through, element
 * by element, or number by number behind reductions of everything. Of a value for each row all elements of it are read.
 */
function canGroupUpdate(
  { program, ins, outs, space }: GroupWork,
  from: GraphValue,
  to: GraphValue,
): boolean {
  const store = program.stores[outs.indexOf(to)];
  if (store === undefined) return false;
  const isWhole = sizeOf(to.type.shape) === sizeOf(space.shape);
  if (!isWhole && rowsOf(space) !== 1) return false;
  // What a walk over rows stores once, it stores last.
  const inTerms = isWhole ? new Set() : termInputs(program);
  return ins.every((input, i) => {
    if (viewed(input) !== from) return true;
    const view = program.inputs[i];
    return (
      aliased(input) === from &&
      !inTerms.has(i) &&
      view?.offset === store.offset &&
      sameShape(view.strides, store.strides)
    );
  });
}
