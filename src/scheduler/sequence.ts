/**
 * The sequence of work while passes join items of it. Whether one item may do the work of two is a question of who reads
 * what the earlier one writes, and who writes what the later one reads: both are looked up rather than searched for, so
 * that a question costs as much in a long sequence as in a short one. An item that is joined keeps its place, the other's
 * stays empty: places say who stands before whom, not how far apart.
 */
import type { GraphValue } from "../graph/graph.ts";
import { aliased, readsOf, type Work, writesOf } from "./work.ts";

export interface Item {
  readonly work: Work;
  readonly place: number;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

type Link = { -readonly [K in keyof Item]: Item[K] };

export class Sequence {
  #first: Link | undefined;
  readonly #makers = new Map<GraphValue, Item>();
  /** By the value itself, whatever reshapes it is read through. A slice is an item of its own. */
  readonly #readers = new Map<GraphValue, Set<Item>>();

  constructor(work: readonly Work[]) {
    let last: Link | undefined;
    for (const [place, own] of work.entries()) {
      const item: Link = { work: own, place, before: last, after: undefined };
      if (last === undefined) this.#first = item;
      else last.after = item;
      this.#note(item);
      last = item;
    }
  }

  /** In their order. The present item may be joined meanwhile with one before it. */
  *items(): Generator<Item> {
    let item: Item | undefined = this.#first;
    while (item !== undefined) {
      const { after }: Item = item;
      yield item;
      item = after;
    }
  }

  work(): Work[] {
    return [...this.items()].map(({ work }) => work);
  }

  makerOf(value: GraphValue): Item | undefined {
    return this.#makers.get(aliased(value));
  }

  /** Whether an item may read `value`: it is given, or some item stores it. */
  isThere(value: GraphValue): boolean {
    return aliased(value).node.op === "source" || this.makerOf(value) !== undefined;
  }

  /** Whether all items that read `value`, or a view of it, are in `readers`. */
  isReadOnlyBy(readers: readonly Item[], value: GraphValue): boolean {
    for (const reader of this.#readers.get(value) ?? [])
      if (!readers.includes(reader)) return false;
    return true;
  }

  /**
   * Where one item may do the work of both `earlier` and `later`: at the later place if nobody in between reads what the
   * earlier one writes, else at the earlier place if nobody in between writes what the later one reads.
   */
  placeOfBoth(earlier: Item, later: Item): Item | undefined {
    if (!this.#isReadBetween(earlier, later)) return later;
    const isMadeBetween = readsOf(later.work).some(
      (value) => (this.makerOf(value)?.place ?? -1) > earlier.place,
    );
    return isMadeBetween ? undefined : earlier;
  }

  /** Puts `work`, which does that of `a` and `b`, in the place of one of them. */
  join(a: Item, b: Item, place: Item, work: Work): void {
    const gone: Link = place === a ? b : a;
    this.#forget(gone);
    const [before, after]: (Link | undefined)[] = [gone.before, gone.after];
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    const kept: Link = place;
    this.#forget(kept);
    kept.work = work;
    this.#note(kept);
  }

  #isReadBetween(earlier: Item, later: Item): boolean {
    for (const value of writesOf(earlier.work))
      for (const { place } of this.#readers.get(value) ?? [])
        if (place > earlier.place && place < later.place) return true;
    return false;
  }

  #note(item: Item): void {
    for (const value of writesOf(item.work)) this.#makers.set(value, item);
    for (const value of readsOf(item.work)) {
      const base = aliased(value);
      const readers = this.#readers.get(base);
      if (readers === undefined) this.#readers.set(base, new Set([item]));
      else readers.add(item);
    }
  }

  #forget(item: Item): void {
    for (const value of readsOf(item.work)) this.#readers.get(aliased(value))?.delete(item);
    for (const value of writesOf(item.work))
      if (this.#makers.get(value) === item) this.#makers.delete(value);
  }
}

/** The items up to `reach` places before `item` that are left, from the first of them on. */
export function* itemsBefore(item: Item, reach: number): Generator<Item> {
  let start: Item = item;
  for (let i = 0; i < reach && start.before !== undefined; i++) start = start.before;
  for (let at: Item | undefined = start; at !== undefined && at !== item; at = at.after) yield at;
}
