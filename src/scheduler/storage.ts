/**
 * Decides in which buffer, and where in it, every value lies. Views share their source's memory; outputs and updated
 * variables are written where they are wanted if nobody still needs what is there; ops that overwrite get a copy
 * of their input where it lives on; tensors that a kernel wants side by side are made side by side.
 * Invariant: a region is only written by a later work item once every reader of its present value has run.
 */
import { InternalError } from "../errors.ts";
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { packedOffsets } from "../ops/packed.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf, sizeOf, type TensorType } from "../tensor/shape.ts";
import {
  contiguousOffset,
  gatheredInputs,
  joinedOffsets,
  listOf,
  type Overwritten,
  overwritten,
  packedOutputs,
} from "./demands.ts";
import { canGroupUpdate, canUpdateInPlace } from "./in-place.ts";
import { stackedCarries } from "./loop-carry.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import { findEndangered, type Move } from "./moves.ts";
import { packedUpdates } from "./packed-updates.ts";
import { Readers } from "./readers.ts";
import type { PlanRequest } from "./request.ts";
import {
  aliased,
  isAlias,
  type OpWork,
  readsOf,
  rootsOf,
  viewed,
  type WalksWork,
  type Work,
  writesOf,
} from "./work.ts";

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
  /** Whether any work, or whoever runs the plan, reads it. */
  readonly isRead: (value: GraphValue) => boolean;
}

/** What of an op's inputs forbids that one of them is written over. */
interface Hazards {
  /** Buffers of inputs that are read only. */
  readonly read: ReadonlySet<number>;
  /** Inputs that are written over, by what they are views of. */
  readonly written: ReadonlyMap<GraphValue, readonly GraphValue[]>;
}

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
  /** Where packs are that are made, not found. */
  readonly #packs = new Map<GraphValue, Region>();
  /** Where concats are whose parts are made there. */
  readonly #joined = new Map<GraphValue, Region>();
  /** Their buffers, in which nothing is written over: who reads a part does not read the whole. */
  readonly #shared = new Set<number>();
  readonly #sequence: PlacedWork[] = [];
  readonly #readers: Readers;
  readonly #work: readonly Work[];
  readonly #request: PlanRequest;
  readonly #traits: DeviceTraits;

  constructor(work: readonly Work[], request: PlanRequest, traits: DeviceTraits) {
    this.#work = work;
    this.#request = request;
    this.#traits = traits;
    this.#readers = new Readers(work, request);
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
    this.#wantPacks();
    this.#wantOutputs();
    this.#wantJoined();
    this.#wantPackedUpdates();
    this.#wantUpdates();
    for (const [index, work] of this.#work.entries()) this.#place(work, index);
    this.#finish();
    return {
      buffers: this.#buffers,
      sequence: this.#sequence,
      regionOf: (value) => this.#region(value),
      isRead: (value) => this.#readers.of(viewed(value)).length > 0,
    };
  }

  #wantPacks(): void {
    const all = this.#work.filter((work) => work.kind !== "group");
    // What kernels can only make side by side goes first: what they read may be brought there.
    for (const work of all) {
      const pairs = overwritten(work);
      for (const outputs of packedOutputs(work))
        if (!this.#wantOver(outputs, pairs)) this.#wantSideBySide(outputs);
      this.#wantOverwritten(work, pairs);
    }
    const nodes = all.flatMap((work) => (work.kind === "op" ? [work.node] : []));
    const packs = nodes.filter((node): node is OpNode<"pack"> => node.op === "pack");
    // A pack may be a part of another one.
    for (const node of [...packs].sort((a, b) => b.ins.xs.length - a.ins.xs.length))
      this.#wantPack(node);
    for (const inputs of all.flatMap(gatheredInputs)) {
      const bases = inputs.map(aliased);
      if (new Set(bases).size === bases.length && bases.every((base) => this.#isFree(base)))
        this.#wantSideBySide(bases);
    }
  }

  /** What is packed is made in the pack, where nobody wants it elsewhere. */
  #wantPack({ ins: { xs }, outs: { out } }: OpNode<"pack">): void {
    const bases = xs.map(aliased);
    if (!bases.some((base) => this.#isFree(base))) return;
    const { buffer } = this.#fresh(out.type);
    this.#packs.set(out, { buffer, offset: 0, type: out.type });
    const { offsets } = packedOffsets(xs.map(({ type }) => type.shape));
    for (const [i, base] of bases.entries())
      if (this.#isFree(base))
        this.#wanted.set(base, { buffer, offset: offsets[i] ?? 0, type: base.type });
  }

  #wantSideBySide(values: readonly GraphValue[]): void {
    const { offsets, length } = packedOffsets(values.map(({ type }) => type.shape));
    const buffer = this.#temporary(length * BYTES_PER_ELEMENT);
    for (const [i, value] of values.entries()) {
      this.#wanted.set(value, { buffer, offset: offsets[i] ?? 0, type: value.type });
    }
  }

  /** What is packed over what is side by side already stays there; whether it is so. */
  #wantOver(outputs: readonly GraphValue[], pairs: readonly Overwritten[]): boolean {
    const places = outputs.map((output) => {
      const pair = pairs.find((own) => own.output === output);
      return pair && this.#wanted.get(aliased(pair.input));
    });
    if (places.some((place) => place === undefined)) return false;
    outputs.forEach((output, i) => {
      const place = places[i];
      if (place !== undefined) this.#wanted.set(output, { ...place, type: output.type });
    });
    return true;
  }

  /** What is overwritten by a packed output is made in that place. */
  #wantOverwritten(work: OpWork | WalksWork, pairs: readonly Overwritten[]): void {
    const packed = new Set(packedOutputs(work).flat());
    for (const { input, output } of pairs) {
      const place = packed.has(output) ? this.#wanted.get(output) : undefined;
      const base = aliased(input);
      if (place !== undefined && this.#isFree(base))
        this.#wanted.set(base, { ...place, type: base.type });
    }
  }

  #isMade(value: GraphValue): boolean {
    return this.#readers.makerOf(value) !== undefined;
  }

  /** Whether it is made here, and wanted nowhere so far. */
  #isFree(value: GraphValue): boolean {
    return this.#isMade(value) && !this.#wanted.has(value) && value.node.op !== "pack";
  }

  #wantOutputs(): void {
    this.#request.outputs.forEach((value, i) => {
      const base = aliased(value);
      if (!this.#isMade(base) || this.#wanted.has(base)) return;
      this.#wanted.set(base, {
        buffer: this.#request.bindings.length + i,
        offset: 0,
        type: base.type,
      });
    });
  }

  /** Parts are made where they are joined; those that cannot be are copied, one by one, which is how a kernel joins them. */
  #wantJoined(): void {
    const updated = new Set(this.#request.updates.map(({ value }) => aliased(value)));
    // The last first: what is joined may be joined again.
    for (const work of [...this.#work].reverse()) {
      if (work.kind !== "op" || work.node.op !== "concat") continue;
      const { ins, outs } = work.node;
      const offsets = joinedOffsets(work.node) ?? [Number.NaN];
      const { viewAlignment } = this.#traits;
      if (updated.has(outs.out) || offsets.some((offset) => offset % viewAlignment !== 0)) continue;
      const bases = ins.xs.map(aliased);
      const isMadeThere = (base: GraphValue, i: number) =>
        bases.indexOf(base) === i && this.#isMovable(base);
      const made = new Set(bases.filter(isMadeThere));
      if (made.size === 0) continue;
      const place = this.#wanted.get(outs.out) ?? this.#fresh(outs.out.type);
      this.#joined.set(outs.out, place);
      this.#shared.add(place.buffer);
      for (const [i, base] of bases.entries())
        if (made.has(base))
          this.#wanted.set(base, {
            buffer: place.buffer,
            offset: place.offset + (offsets[i] ?? 0),
            type: base.type,
          });
    }
  }

  /** Whether its maker writes it anywhere: not over what it reads, and not beside other numbers. */
  #isMovable(value: GraphValue): boolean {
    const work = this.#work[this.#readers.makerOf(value) ?? -1];
    if (work === undefined || !this.#isFree(value) || sizeOf(value.type.shape) === 1) return false;
    if (work.kind === "group") return true;
    return value.node.op !== "slice" && overwritten(work).every(({ output }) => output !== value);
  }

  /** Packed results are made over the variables that they become, where those lie like a pack. */
  #wantPackedUpdates(): void {
    for (const { result, sources } of packedUpdates(this.#request)) {
      const values = sources.map(({ out }) => out);
      const place = this.#isFree(result) ? this.#sideBySide(values) : undefined;
      if (place !== undefined && this.#mayTakePlace(result, values, place))
        this.#wanted.set(result, { ...place, type: result.type });
    }
  }

  /** Whether `result` may be written over `values`, which lie packed in `place`. */
  #mayTakePlace(result: GraphValue, values: readonly GraphValue[], place: Region): boolean {
    const maker = this.#readers.makerOf(result) ?? 0;
    const work = this.#work[maker];
    if (work?.kind !== "group") return false;
    if (values.some((value) => this.#readers.isReadAfter(value, maker))) return false;
    const all = new Set(values);
    const reads = (input: GraphValue) => rootsOf(input).some((root) => all.has(root));
    const lies = (input: GraphValue) => {
      const { node } = aliased(input);
      return node.op === "pack" && isSamePlace(this.#sideBySide(node.ins.xs), place);
    };
    return canGroupUpdate(work, result, reads, lies);
  }

  #isWithin({ buffer, offset, type }: Region): boolean {
    const end = offset * BYTES_PER_ELEMENT + bytesOf(type);
    return offset >= 0 && end <= (this.#buffers[buffer]?.bytes ?? 0);
  }

  /** Where they lie as a pack, if they do. */
  #sideBySide(values: readonly GraphValue[]): Region | undefined {
    const { offsets, length } = packedOffsets(values.map(({ type }) => type.shape));
    const regions = values.map((value) => this.#regions.get(aliased(value)));
    const [first] = regions;
    if (first === undefined) return undefined;
    const place = { ...first, type: { dtype: first.type.dtype, shape: [length] } };
    const areSo = regions.every(
      (own, i) => own?.buffer === first.buffer && own.offset === first.offset + (offsets[i] ?? 0),
    );
    return areSo && this.#isWithin(place) ? place : undefined;
  }

  #wantUpdates(): void {
    for (const { source, value } of this.#request.updates) {
      const base = aliased(value);
      if (base.node.op === "slice" && this.#wanted.has(aliased(base.node.ins.x))) continue;
      const maker = this.#readers.makerOf(base);
      const place = this.#regions.get(source.out);
      if (maker === undefined || place === undefined || this.#wanted.has(base)) continue;
      const isFree = this.#readers
        .of(source.out)
        .every(
          (reader) =>
            reader < maker ||
            (reader === maker && canUpdateInPlace(this.#work[maker], source.out, base)),
        );
      if (isFree) this.#wanted.set(base, { ...place, type: base.type });
    }
  }

  #place(work: Work, index: number): void {
    const copied = new Map<string, Region[]>();
    if (work.kind === "op") {
      if (work.node.op === "pack") {
        this.#pack(work.node);
        return;
      }
      if (work.node.op === "slice" && this.#viewSlice(work.node)) return;
      if (work.node.op === "concat" && this.#join(work.node)) return;
    }
    if (work.kind !== "group") this.#overwrite(work, index, copied);
    if (work.kind === "group") this.#placeNumbers(work.outs);
    for (const value of writesOf(work)) {
      if (!this.#regions.has(value))
        this.#regions.set(value, this.#wanted.get(value) ?? this.#fresh(value.type));
    }
    this.#sequence.push({ kind: "work", work, copied });
  }

  /** Numbers that one item makes lie side by side: whoever reads several of them binds them at once. */
  #placeNumbers(outs: readonly GraphValue[]): void {
    const numbers = outs.filter((out) => sizeOf(out.type.shape) === 1 && !this.#wanted.has(out));
    if (numbers.length < 2) return;
    const { offsets, length } = packedOffsets(numbers.map(({ type }) => type.shape));
    const buffer = this.#temporary(length * BYTES_PER_ELEMENT);
    for (const [i, out] of numbers.entries())
      this.#regions.set(out, { buffer, offset: offsets[i] ?? 0, type: out.type });
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

  /** A view of tensors that lie side by side; others are brought there. */
  #pack({ ins: { xs }, outs: { out } }: OpNode<"pack">): void {
    const there = this.#sideBySide(xs);
    const place = there ?? this.#packs.get(out) ?? this.#fresh(out.type);
    this.#regions.set(out, { ...place, type: out.type });
    if (there !== undefined) return;
    const { offsets } = packedOffsets(xs.map(({ type }) => type.shape));
    this.#bring(xs, offsets, place, "it is packed with others");
  }

  /** What is made of parts in their places needs no work but for one that is not. */
  #join(node: OpNode<"concat">): boolean {
    const { xs } = node.ins;
    const place = this.#joined.get(node.outs.out);
    if (place === undefined) return false;
    this.#regions.set(node.outs.out, { ...place, type: node.outs.out.type });
    this.#bring(xs, joinedOffsets(node) ?? [], place, "it is joined with others");
    return true;
  }

  /** Copies those of `values` that are not at their offset in `place`. */
  #bring(
    values: readonly GraphValue[],
    offsets: readonly number[],
    place: Region,
    why: string,
  ): void {
    for (const [i, value] of values.entries()) {
      const from = this.#region(value);
      const to = { ...place, offset: place.offset + (offsets[i] ?? 0) };
      if (!isSamePlace(from, to)) this.#copy(from, to, why);
    }
  }

  #overwrite(work: OpWork | WalksWork, index: number, copied: Map<string, Region[]>): void {
    const pairs = overwritten(work);
    if (pairs.length === 0) return;
    const hazards = this.#hazardsOf(work, pairs);
    const isOver = ({ input, output }: Overwritten) =>
      this.#mayOverwrite(hazards, input, output, index);
    // What is made side by side is so in another place where a part of it cannot be.
    for (const outputs of packedOutputs(work))
      if (pairs.some((pair) => outputs.includes(pair.output) && !isOver(pair)))
        this.#wantSideBySide(outputs);
    const stacked =
      work.kind === "op" && work.node.op === "scan" ? stackedCarries(work.node, this.#traits) : [];
    for (const { name, index: at, input, output } of pairs) {
      // A carry that lies in a result is read where it is given.
      if (this.#regions.has(output) || stacked[at] !== undefined) continue;
      const from = this.#region(input);
      if (this.#mayOverwrite(hazards, input, output, index)) {
        this.#regions.set(output, { ...from, type: output.type });
        continue;
      }
      const to = { ...(this.#wanted.get(output) ?? this.#fresh(output.type)), type: input.type };
      const op = work.kind === "op" ? work.node.op : work.op;
      this.#copy(from, to, `${op} overwrites its input, which is still needed`);
      // Layers that are walked together find it where they leave the output.
      if (work.kind === "op") {
        const places =
          copied.get(name) ?? listOf(work.node, name).map((value) => this.#region(value));
        places[at] = to;
        copied.set(name, places);
      }
      this.#regions.set(output, { ...to, type: output.type });
    }
  }

  #hazardsOf(work: Work, pairs: readonly Overwritten[]): Hazards {
    const hazards = { read: new Set<number>(), written: new Map<GraphValue, GraphValue[]>() };
    const written = new Set(pairs.map(({ input }) => input));
    for (const value of readsOf(work)) {
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
    if (this.#readers.isReadAfter(input, index) || viewed(input).node.op === "pack") return false;
    // Kernels may write before they have read everything, and a GPU binds a buffer that it writes only once.
    const place = this.#region(input);
    if (read.has(place.buffer) || this.#shared.has(place.buffer)) return false;
    const views = written.get(viewed(input)) ?? [];
    const isOnce = views.indexOf(input) === views.lastIndexOf(input);
    const isInTheWay = (value: GraphValue) =>
      value !== input && this.#region(value).buffer === place.buffer;
    if (!isOnce || views.some(isInTheWay)) return false;
    const wanted = this.#wanted.get(output);
    if (wanted !== undefined) return isSamePlace(wanted, place);
    return this.#isMade(aliased(input)) && viewed(input) === aliased(input);
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
    const moves = wishes.filter(({ from, to }) => !isSamePlace(from, to));
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

function isSamePlace(a: Region | undefined, b: Region): boolean {
  return a?.buffer === b.buffer && a.offset === b.offset;
}
