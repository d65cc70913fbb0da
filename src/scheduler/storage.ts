/**
 * Decides in which buffer, and where in it, every value lies. Views share their source's memory; outputs and updated
 * variables are written where they are wanted if nobody still needs what is there; ops that overwrite get a copy
 * of their input where it lives on; tensors that a kernel wants side by side are made side by side (`wishes.ts` says where each should be).
 * Invariant: a region is only written by a later work item once every reader of its present value has run.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { packedOffsets } from "../ops/packed.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import {
  contiguousOffset,
  joinedOffsets,
  listOf,
  type Overwritten,
  overwritten,
  packedOutputs,
} from "./demands.ts";
import { stackedCarries } from "./loop-carry.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import { findEndangered, type Move } from "./moves.ts";
import { type BufferDraft, isSamePlace, Places } from "./places.ts";
import { Readers } from "./readers.ts";
import type { PlanRequest } from "./request.ts";
import { wishFor } from "./wishes.ts";
import {
  aliased,
  type OpWork,
  readsOf,
  viewed,
  type WalksWork,
  type Work,
  writesOf,
} from "./work.ts";

interface Copy {
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
  readonly #places = new Places();
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
    this.#places.buffers.push(...bytes.map((n, binding) => ({ bytes: n, binding })));
    for (const [node, { binding, offset }] of this.#request.placements) {
      this.#places.regions.set(node.out, { buffer: binding, offset, type: node.out.type });
    }
    wishFor(this.#places, {
      work: this.#work,
      request: this.#request,
      traits: this.#traits,
      readers: this.#readers,
    });
    for (const [index, work] of this.#work.entries()) this.#place(work, index);
    this.#finish();
    return {
      buffers: this.#places.buffers,
      sequence: this.#sequence,
      regionOf: (value) => this.#places.region(value),
      isRead: (value) => this.#readers.of(viewed(value)).length > 0,
    };
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
      if (!this.#places.regions.has(value))
        this.#places.regions.set(
          value,
          this.#places.wanted.get(value) ?? this.#places.fresh(value.type),
        );
    }
    this.#sequence.push({ kind: "work", work, copied });
  }

  /** Numbers that one item makes lie side by side: whoever reads several of them binds them at once. */
  #placeNumbers(outs: readonly GraphValue[]): void {
    const numbers = outs.filter(
      (out) => sizeOf(out.type.shape) === 1 && !this.#places.wanted.has(out),
    );
    if (numbers.length < 2) return;
    const { offsets, length } = packedOffsets(numbers.map(({ type }) => type.shape));
    const buffer = this.#places.temporary(length * BYTES_PER_ELEMENT);
    for (const [i, out] of numbers.entries())
      this.#places.regions.set(out, { buffer, offset: offsets[i] ?? 0, type: out.type });
  }

  /** A slice that is one contiguous, aligned range of its source needs no copy, unless it is wanted elsewhere. */
  #viewSlice(node: OpNode<"slice">): boolean {
    const { x } = node.ins;
    const { out } = node.outs;
    if (this.#places.wanted.has(out)) return false;
    const offset = contiguousOffset(x.type.shape, node.attrs.starts, node.attrs.sizes);
    const base = this.#places.region(x);
    if (offset === undefined || (base.offset + offset) % this.#traits.viewAlignment !== 0)
      return false;
    this.#places.regions.set(out, {
      buffer: base.buffer,
      offset: base.offset + offset,
      type: out.type,
    });
    return true;
  }

  /** A view of tensors that lie side by side; others are brought there. */
  #pack({ ins: { xs }, outs: { out } }: OpNode<"pack">): void {
    const there = this.#places.sideBySide(xs);
    const place = there ?? this.#places.packs.get(out) ?? this.#places.fresh(out.type);
    this.#places.regions.set(out, { ...place, type: out.type });
    if (there !== undefined) return;
    const { offsets } = packedOffsets(xs.map(({ type }) => type.shape));
    this.#bring(xs, offsets, place, "it is packed with others");
  }

  /** What is made of parts in their places needs no work but for one that is not. */
  #join(node: OpNode<"concat">): boolean {
    const { xs } = node.ins;
    const place = this.#places.joined.get(node.outs.out);
    if (place === undefined) return false;
    this.#places.regions.set(node.outs.out, { ...place, type: node.outs.out.type });
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
      const from = this.#places.region(value);
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
        this.#places.wantSideBySide(outputs);
    const stacked =
      work.kind === "op" && work.node.op === "scan" ? stackedCarries(work.node, this.#traits) : [];
    for (const { name, index: at, input, output } of pairs) {
      // A carry that lies in a result is read where it is given.
      if (this.#places.regions.has(output) || stacked[at] !== undefined) continue;
      const from = this.#places.region(input);
      if (this.#mayOverwrite(hazards, input, output, index)) {
        this.#places.regions.set(output, { ...from, type: output.type });
        continue;
      }
      const to = {
        ...(this.#places.wanted.get(output) ?? this.#places.fresh(output.type)),
        type: input.type,
      };
      const op = work.kind === "op" ? work.node.op : work.op;
      this.#copy(from, to, `${op} overwrites its input, which is still needed`);
      // Layers that are walked together find it where they leave the output.
      if (work.kind === "op") {
        const places =
          copied.get(name) ?? listOf(work.node, name).map((value) => this.#places.region(value));
        places[at] = to;
        copied.set(name, places);
      }
      this.#places.regions.set(output, { ...to, type: output.type });
    }
  }

  #hazardsOf(work: Work, pairs: readonly Overwritten[]): Hazards {
    const hazards = { read: new Set<number>(), written: new Map<GraphValue, GraphValue[]>() };
    const written = new Set(pairs.map(({ input }) => input));
    for (const value of readsOf(work)) {
      const views = hazards.written.get(viewed(value));
      if (!written.has(value)) hazards.read.add(this.#places.region(value).buffer);
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
    const place = this.#places.region(input);
    if (read.has(place.buffer) || this.#places.shared.has(place.buffer)) return false;
    const views = written.get(viewed(input)) ?? [];
    const isOnce = views.indexOf(input) === views.lastIndexOf(input);
    const isInTheWay = (value: GraphValue) =>
      value !== input && this.#places.region(value).buffer === place.buffer;
    if (!isOnce || views.some(isInTheWay)) return false;
    const wanted = this.#places.wanted.get(output);
    if (wanted !== undefined) return isSamePlace(wanted, place);
    return this.#readers.makerOf(aliased(input)) !== undefined && viewed(input) === aliased(input);
  }

  /** Brings outputs and updates to where they belong if they were not made there. */
  #finish(): void {
    const wishes: Move[] = [];
    this.#request.outputs.forEach((value, i) => {
      const to = { buffer: this.#request.bindings.length + i, offset: 0, type: value.type };
      wishes.push({
        from: this.#places.region(value),
        to,
        why: "the result is a view of, or shared with, another value",
      });
    });
    for (const { source, value } of this.#request.updates) {
      wishes.push({
        from: this.#places.region(value),
        to: this.#places.region(source.out),
        why: `${source.holder.name} takes its new value`,
      });
    }
    const moves = wishes.filter(({ from, to }) => !isSamePlace(from, to));
    // A value that another move is about to overwrite is set aside first.
    const isEndangered = findEndangered(moves);
    const safe = moves.map((move) => {
      if (!isEndangered(move)) return move;
      const aside = this.#places.fresh(move.from.type);
      this.#copy(move.from, aside, "its place is about to take another value");
      return { ...move, from: aside };
    });
    for (const { from, to, why } of safe) this.#copy(from, to, why);
  }

  #copy(from: Region, to: Region, why: string): void {
    if (sizeOf(from.type.shape) > 0)
      this.#sequence.push({ kind: "copy", from, to: { ...to, type: from.type }, why });
  }
}
