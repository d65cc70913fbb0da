/**
 * Where values should be made: outputs and updates where they are wanted, what is packed or joined in its whole, what a kernel
 * makes or wants side by side there. A wish is granted when its value is placed.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { packedOffsets } from "../ops/packed.ts";
import { sizeOf } from "../tensor/shape.ts";
import {
  gatheredInputs,
  joinedOffsets,
  type Overwritten,
  overwritten,
  packedOutputs,
} from "./demands.ts";
import { canGroupUpdate, canUpdateInPlace } from "./in-place.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import { packedUpdates } from "./packed-updates.ts";
import { isSamePlace, type Places } from "./places.ts";
import type { Readers } from "./readers.ts";
import type { PlanRequest } from "./request.ts";
import { aliased, type OpWork, rootsOf, type WalksWork, type Work } from "./work.ts";

export interface WishContext {
  readonly work: readonly Work[];
  readonly request: PlanRequest;
  readonly traits: DeviceTraits;
  readonly readers: Readers;
}

/** Notes in `places` where everything is wanted. What comes first goes first. */
export function wishFor(places: Places, context: WishContext): void {
  new Wishes(places, context).all();
}

class Wishes {
  readonly #places: Places;
  readonly #work: readonly Work[];
  readonly #request: PlanRequest;
  readonly #traits: DeviceTraits;
  readonly #readers: Readers;

  constructor(places: Places, { work, request, traits, readers }: WishContext) {
    this.#places = places;
    this.#work = work;
    this.#request = request;
    this.#traits = traits;
    this.#readers = readers;
  }

  all(): void {
    this.#wantPacks();
    this.#wantOutputs();
    this.#wantJoined();
    this.#wantPackedUpdates();
    this.#wantUpdates();
  }

  #wantPacks(): void {
    const all = this.#work.filter((work) => work.kind !== "group");
    // What kernels can only make side by side goes first: what they read may be brought there.
    for (const work of all) {
      const pairs = overwritten(work);
      for (const outputs of packedOutputs(work))
        if (!this.#wantOver(outputs, pairs)) this.#places.wantSideBySide(outputs);
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
        this.#places.wantSideBySide(bases);
    }
  }

  /** What is packed is made in the pack, where nobody wants it elsewhere. */
  #wantPack({ ins: { xs }, outs: { out } }: OpNode<"pack">): void {
    const bases = xs.map(aliased);
    if (!bases.some((base) => this.#isFree(base))) return;
    const { buffer } = this.#places.fresh(out.type);
    this.#places.packs.set(out, { buffer, offset: 0, type: out.type });
    const { offsets } = packedOffsets(xs.map(({ type }) => type.shape));
    for (const [i, base] of bases.entries())
      if (this.#isFree(base))
        this.#places.wanted.set(base, { buffer, offset: offsets[i] ?? 0, type: base.type });
  }

  /** What is packed over what is side by side already stays there; whether it is so. */
  #wantOver(outputs: readonly GraphValue[], pairs: readonly Overwritten[]): boolean {
    const places = outputs.map((output) => {
      const pair = pairs.find((own) => own.output === output);
      return pair && this.#places.wanted.get(aliased(pair.input));
    });
    if (places.some((place) => place === undefined)) return false;
    outputs.forEach((output, i) => {
      const place = places[i];
      if (place !== undefined) this.#places.wanted.set(output, { ...place, type: output.type });
    });
    return true;
  }

  /** What is overwritten by a packed output is made in that place. */
  #wantOverwritten(work: OpWork | WalksWork, pairs: readonly Overwritten[]): void {
    const packed = new Set(packedOutputs(work).flat());
    for (const { input, output } of pairs) {
      const place = packed.has(output) ? this.#places.wanted.get(output) : undefined;
      const base = aliased(input);
      if (place !== undefined && this.#isFree(base))
        this.#places.wanted.set(base, { ...place, type: base.type });
    }
  }

  #isMade(value: GraphValue): boolean {
    return this.#readers.makerOf(value) !== undefined;
  }

  /** Whether it is made here, and wanted nowhere so far. */
  #isFree(value: GraphValue): boolean {
    return this.#isMade(value) && !this.#places.wanted.has(value) && value.node.op !== "pack";
  }

  #wantOutputs(): void {
    this.#request.outputs.forEach((value, i) => {
      const base = aliased(value);
      if (!this.#isMade(base) || this.#places.wanted.has(base)) return;
      this.#places.wanted.set(base, {
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
      const place = this.#places.wanted.get(outs.out) ?? this.#places.fresh(outs.out.type);
      this.#places.joined.set(outs.out, place);
      this.#places.shared.add(place.buffer);
      for (const [i, base] of bases.entries())
        if (made.has(base))
          this.#places.wanted.set(base, {
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
      const place = this.#isFree(result) ? this.#places.sideBySide(values) : undefined;
      if (place !== undefined && this.#mayTakePlace(result, values, place))
        this.#places.wanted.set(result, { ...place, type: result.type });
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
      return node.op === "pack" && isSamePlace(this.#places.sideBySide(node.ins.xs), place);
    };
    return canGroupUpdate(work, result, reads, lies);
  }

  #wantUpdates(): void {
    for (const { source, value } of this.#request.updates) {
      const base = aliased(value);
      if (base.node.op === "slice" && this.#places.wanted.has(aliased(base.node.ins.x))) continue;
      const maker = this.#readers.makerOf(base);
      const place = this.#places.regions.get(source.out);
      if (maker === undefined || place === undefined || this.#places.wanted.has(base)) continue;
      const isFree = this.#readers
        .of(source.out)
        .every(
          (reader) =>
            reader < maker ||
            (reader === maker && canUpdateInPlace(this.#work[maker], source.out, base)),
        );
      if (isFree) this.#places.wanted.set(base, { ...place, type: base.type });
    }
  }
}
