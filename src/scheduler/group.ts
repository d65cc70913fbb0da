/**
 * Joins work into groups. An item takes in what made its inputs, where nobody else has to wait for it, and what reads the
 * same: elementwise ops before, between and behind the reductions of a row become one walk over it. Every item still
 * waits only for what it reads: `placeOfBoth` decides where the joined item stands. A value is stored if anybody outside
 * of the group reads it.
 */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { sizeOf } from "../tensor/shape.ts";
import { isCheap, MAX_OPS } from "./elementwise.ts";
import { totalIn } from "./group-builder.ts";
import { isOnePass } from "./group-program.ts";
import { groupWork } from "./group-work.ts";
import type { DeviceTraits } from "./lowering.ts";
import { sameSegments } from "./packs.ts";
import type { PlanRequest } from "./request.ts";
import { type Item, itemsBefore, Sequence } from "./sequence.ts";
import { across, commonSpace, crossedSpace, isReduced, rowsOf, type Space } from "./space.ts";
import {
  aliased,
  type GroupWork,
  isAlias,
  plainWork,
  readsOf,
  rootsOf,
  viewed,
  type Work,
  writesOf,
} from "./work.ts";

/**
 * Larger items are joined only where one reads what the other reads or writes: else memory would live longer for
 * nothing. Reductions to numbers may be larger: a step of its own for each metric costs more.
 */
const SMALL_ELEMENTS = 4096;
const SMALL_REDUCTION = 2 ** 20;

/** So many cheap ops are done again rather than be a step of their own. */
const FEW_OPS = 8;

/** A division is repeated for so many elements: that takes less time than a step of its own. */
const FEW_ELEMENTS = 2 ** 16;

/** What goes over rows again and again gains little by doing more than a norm or a softmax does. */
const MAX_ROW_OPS = 64;

/** How far back an item looks for one to join: keeps the time to plan a long graph linear. */
const REACH = 64;

/** `kept` is what is read from outside, `updates` what of it variables become. */
export function group(
  sequence: readonly Work[],
  kept: readonly GraphValue[],
  updates: PlanRequest["updates"],
  traits: DeviceTraits,
): Work[] {
  const work = withoutUnread(sequence, kept);
  return new Grouper(work, kept, updates, traits).joined().map(withoutLoneReduction);
}

/** A device has kernels of its own for a reduction that nothing has joined. */
function withoutLoneReduction(work: Work): Work {
  if (work.kind !== "group" || work.nodes.length > 1) return work;
  const [node] = work.nodes;
  if (node?.op !== "reduce" || rowsOf(work.space) === 1) return work;
  // Through a broadcast the group reads what the reduction would not find.
  if (work.ins[0] !== aliased(node.ins.x)) return work;
  return { ...plainWork(node), order: work.order };
}

class Grouper {
  readonly #sequence: Sequence;
  readonly #kept: ReadonlySet<GraphValue>;
  /** A variable that becomes each of these values, or a part of it. */
  readonly #updated: ReadonlyMap<GraphValue, GraphValue>;
  /** What packs bring together. */
  readonly #packed: ReadonlySet<GraphValue>;
  readonly #traits: DeviceTraits;
  /** Work that could not take in another item beside it: the next one would most likely fit no better. */
  readonly #full = new WeakSet<GroupWork>();
  readonly #refused = new Map<Item, string>();

  constructor(
    work: readonly Work[],
    kept: readonly GraphValue[],
    updates: PlanRequest["updates"],
    traits: DeviceTraits,
  ) {
    this.#sequence = new Sequence(work);
    this.#kept = new Set(kept.map(viewed));
    const packs = work.flatMap((one) =>
      one.kind === "op" && one.node.op === "pack" ? one.node.ins.xs : [],
    );
    this.#packed = new Set(packs.map(aliased));
    this.#updated = new Map(updates.map(({ source, value }) => [viewed(value), source.out]));
    this.#traits = traits;
  }

  joined(): Work[] {
    for (const item of this.#sequence.items()) {
      // What has been joined may be joined again: one place stays.
      for (let at: Item | undefined = item; at !== undefined; ) at = this.#joinOne(at);
    }
    return [...this.#sequence.items()].map((item) => this.#withEnd(item));
  }

  /** An item that says why it ends where it does. */
  #withEnd(item: Item): Work {
    const { work } = item;
    if (work.kind !== "group") return work;
    const refused = this.#refused.get(item);
    if (refused !== undefined) return { ...work, end: refused };
    const isWanted = work.outs.some((out) => this.#kept.has(viewed(out)));
    return { ...work, end: isWanted ? "its result is wanted" : "what reads it is no group" };
  }

  /** `earlier` cannot be part of what reads it; the first reason counts. */
  #refuse(earlier: Item, reads: boolean, why: string): undefined {
    if (reads && !this.#refused.has(earlier)) this.#refused.set(earlier, why);
    return undefined;
  }

  /** Joins `at` with one item before it; the place where they are then, if there was one. */
  #joinOne(at: Item): Item | undefined {
    const { work } = at;
    if (work.kind !== "group") return undefined;
    const makers = new Set<Item>();
    for (const input of work.ins) {
      const maker = this.#sequence.makerOf(input);
      if (maker !== undefined && maker !== at && maker.place < at.place) makers.add(maker);
    }
    for (const maker of [...makers].sort((a, b) => b.place - a.place)) {
      const place = this.#join(maker, at, work, true);
      if (place !== undefined) return place;
    }
    for (const earlier of itemsBefore(at, REACH)) {
      if (makers.has(earlier)) continue;
      const place = this.#join(earlier, at, work, false);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Cheap questions first: most pairs are refused by one, and building a program takes as long as it has ops. */
  #join(earlier: Item, later: Item, b: GroupWork, reads: boolean): Item | undefined {
    const a = earlier.work;
    if (a.kind !== "group") return undefined;
    if (!reads && this.#full.has(a)) return undefined;
    if (!isWorth(a, b, reads)) return undefined;
    const refuse = (why: string) => this.#refuse(earlier, reads, why);
    if (a.nodes.length + b.nodes.length > MAX_OPS) return refuse(`a kernel has ${MAX_OPS} ops`);
    const common = commonSpace(a.space, b.space) ?? this.#withTotals(a, b);
    const space = common ?? (mayBeRepeated(a, b) ? b.space : undefined);
    if (space === undefined) return refuse("what reads it walks other dimensions");
    if (reads && isReduced(space) && a.nodes.length + b.nodes.length > MAX_ROW_OPS)
      return refuse(`a walk over rows has ${MAX_ROW_OPS} ops`);
    const most = this.#mostOperands(space);
    const ins = readByBoth(a, b);
    // What neither makes for the other is stored by both.
    const least = reads ? [] : [...a.outs, ...b.outs];
    const tooMany = `a kernel reads and writes ${most} tensors`;
    if (this.#exceeds(most, ins, least)) return refuse(tooMany);
    const place = this.#sequence.placeOfBoth(earlier, later);
    if (place === undefined) return refuse("something else has to run in between");
    const outs = this.#outsOf(earlier, later, [...a.outs, ...b.outs]);
    if (this.#exceeds(most, ins, outs)) return refuse(tooMany);
    // What nobody else reads is computed where it is read.
    const isInside = reads && !a.outs.some((out) => outs.includes(out));
    if (!isInside && !holdAlike(a, b))
      return refuse("what reads it holds elements in other places");
    if (common === undefined && a.outs.some((out) => outs.includes(out)))
      return refuse("what reads it walks other dimensions");
    const joined = groupWork(space, [...a.nodes, ...b.nodes], outs);
    // In another space it may read what a broadcast shows, which only the broadcast has read so far.
    if (joined?.ins.every((value) => this.#sequence.isThere(value)) === false)
      return refuse("what it would read through a broadcast is not stored");
    if (joined === undefined || !this.#takes(joined)) {
      if (!reads) this.#full.add(a);
      return refuse(
        joined === undefined
          ? "other rows are read"
          : "the device gains nothing by doing both at once",
      );
    }
    this.#refused.delete(earlier);
    this.#refused.delete(later);
    this.#sequence.join(earlier, later, place, { ...joined, order: place.work.order });
    return place;
  }

  /** The space of one of the two, over whose rows the other adds up. */
  #withTotals(a: GroupWork, b: GroupWork): Space | undefined {
    if (this.#traits.groups.sumsRows !== true) return undefined;
    const space = crossedSpace(a.space, b.space);
    if (space === undefined || sizeOf(space.shape) === 0) return undefined;
    if (areTotals(b, space)) return space;
    const other = across(space);
    return areTotals(a, other) ? other : undefined;
  }

  /** What is read outside of the two. */
  #outsOf(a: Item, b: Item, made: readonly GraphValue[]): GraphValue[] {
    return made.filter(
      (out) => this.#kept.has(viewed(out)) || !this.#sequence.isReadOnlyBy([a, b], out),
    );
  }

  /** Whether the device runs it as one, and gains by it. */
  #takes({ program, ins, outs, space }: GroupWork): boolean {
    if (this.#exceeds(this.#mostOperands(space), ins, outs)) return false;
    if (!isReduced(space)) return true;
    if (program.segments) return isOnePass(program);
    if (isOnePass(program) && rowsOf(space) === 1) return true;
    return this.#traits.groups.takes(program);
  }

  /** Whether a kernel would read and write more than `most` tensors. */
  #exceeds(most: number, ins: readonly GraphValue[], outs: readonly GraphValue[]): boolean {
    if (new Set([...ins, ...outs]).size <= most) return false;
    // Looked at closely only where variables change: a step has places to share, and numbers that say how.
    return this.#updated.size === 0 || this.#operands(ins, outs) > most;
  }

  /**
   * How many tensors a kernel with these inputs and outputs reads and writes: those in the place of an input are that input,
   * and numbers that one item makes lie side by side.
   */
  #operands(ins: readonly GraphValue[], outs: readonly GraphValue[]): number {
    const own = new Set(ins.map(aliased));
    const operands = new Set<unknown>([...own].map((value) => this.#numbersOf(value) ?? value));
    const takesPlace = (out: GraphValue) => {
      const updated = this.#updated.get(aliased(out));
      return updated && [...own].some((value) => rootsOf(value).includes(updated));
    };
    for (const out of outs.map(aliased))
      if (!takesPlace(out)) operands.add(this.#isLooseNumber(out) ? "numbers" : out);
    return operands.size;
  }

  /** The item whose numbers `value` is one of. */
  #numbersOf(value: GraphValue): Item | undefined {
    return this.#isLooseNumber(value) ? this.#sequence.makerOf(value) : undefined;
  }

  /** A number that is wanted in no place of its own. */
  #isLooseNumber(value: GraphValue): boolean {
    return isNumber(value) && !this.#kept.has(value) && !this.#packed.has(value);
  }

  /** Inputs and outputs that a group over `space` may have together. */
  #mostOperands(space: Space): number {
    const { maxElementwiseOperands, groups } = this.#traits;
    const areRows = isReduced(space) && rowsOf(space) > 1;
    return (areRows ? groups.maxOperands : undefined) ?? maxElementwiseOperands;
  }
}

/** What the two read and do not make for each other. */
function readByBoth(a: GroupWork, b: GroupWork): GraphValue[] {
  const made = new Set([...a.outs, ...b.outs]);
  return [...a.ins, ...b.ins].filter((value) => !made.has(value));
}

/** Whether few ops on few elements may be done again for each element of what reads them, if nothing else does. */
function mayBeRepeated(a: GroupWork, b: GroupWork): boolean {
  const [size, whole] = [sizeOf(a.space.shape), sizeOf(b.space.shape)];
  const isFew = whole <= FEW_ELEMENTS;
  return (
    size < whole &&
    size <= SMALL_ELEMENTS &&
    a.nodes.length <= FEW_OPS &&
    a.nodes.every((node) => isCheap(node) || (isFew && isQuotient(node)))
  );
}

/** Whether all that the work stores is sums over the rows of `space`, made in one walk. */
function areTotals({ program, outs }: GroupWork, space: Space): boolean {
  return (
    program.segments === undefined &&
    isOnePass(program) &&
    outs.every((out) => totalIn(out, space) !== undefined)
  );
}

function isQuotient(node: OpNode): boolean {
  return node.op === "binary" && node.attrs.fn === "div";
}

function isNumber({ type }: GraphValue): boolean {
  return sizeOf(type.shape) === 1;
}

/** Whether both find elements in the same places of their space, or one of them is of numbers. */
function holdAlike(a: GroupWork, b: GroupWork): boolean {
  const isOne = ({ space }: GroupWork) => sizeOf(space.shape) === 1;
  return isOne(a) || isOne(b) || sameSegments(a.program.segments, b.program.segments);
}

/** Whether both go over the same elements: of one tensor, or of what one of them makes. */
function sharesElements(a: GroupWork, b: GroupWork, size: number): boolean {
  const walked = new Set([...a.ins, ...a.outs]);
  return b.ins.some((value) => walked.has(value) && sizeOf(value.type.shape) === size);
}

/** Whether it pays to walk both at once. */
function isWorth(a: GroupWork, b: GroupWork, reads: boolean): boolean {
  const size = Math.max(sizeOf(a.space.shape), sizeOf(b.space.shape));
  if (reads) {
    // A sum that is only added to another's result would keep all its terms alive until then.
    const areSums = isReduced(a.space) && isReduced(b.space) && size > SMALL_ELEMENTS;
    return !areSums || sharesElements(a, b, size);
  }
  const areNumbers = rowsOf(a.space) === 1 && rowsOf(b.space) === 1;
  const areReductions = isReduced(a.space) && isReduced(b.space);
  if (areNumbers && areReductions) return size <= SMALL_REDUCTION;
  // A number is made along with other numbers for nothing.
  if (areNumbers && (sizeOf(a.space.shape) === 1 || sizeOf(b.space.shape) === 1)) return true;
  if (isReduced(a.space) !== isReduced(b.space)) return false;
  if (size <= SMALL_ELEMENTS && !areReductions) return true;
  const read = new Set(a.ins);
  return b.ins.some((value) => read.has(value));
}

/** What nobody reads is left out: a broadcast that an epilogue looks through, numbers that are counted where they are used. */
function withoutUnread(work: readonly Work[], kept: Iterable<GraphValue>): Work[] {
  const read = new Set<GraphValue>();
  const note = (value: GraphValue): void => {
    for (let next = value; !read.has(next); ) {
      read.add(next);
      const { node } = next;
      if (isAlias(node) || node.op === "slice") next = node.ins.x;
    }
  };
  for (const value of kept) note(value);
  for (const item of work) readsOf(item).forEach(note);
  const mayGo = (item: Work) =>
    item.kind === "group" || (item.kind === "op" && item.node.op === "iota");
  return work.filter((item) => !mayGo(item) || writesOf(item).some((out) => read.has(out)));
}
