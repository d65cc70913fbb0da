/**
 * Who waits for whom in a sequence of work, while items far apart are joined: an item then has several places, and the
 * order is made anew from what each reads.
 */
import type { GraphValue } from "../graph/graph.ts";
import { aliased, readsOf, type Work, writesOf } from "./work.ts";

export interface Item {
  readonly work: Work;
  /** The places of what it does in the sequence that was. */
  readonly first: number;
  readonly last: number;
}

export class Dependencies {
  readonly #items = new Set<Item>();
  readonly #makers = new Map<GraphValue, Item>();
  readonly #readers = new Map<GraphValue, number>();
  readonly #kept: ReadonlySet<GraphValue>;

  constructor(work: readonly Work[], kept: readonly GraphValue[]) {
    this.#kept = new Set(kept.map(aliased));
    for (const [place, own] of work.entries()) {
      this.#add({ work: own, first: place, last: place });
      for (const value of readsOf(own).map(aliased))
        this.#readers.set(value, (this.#readers.get(value) ?? 0) + 1);
    }
  }

  items(): Item[] {
    return [...this.#items];
  }

  makerOf(value: GraphValue): Item | undefined {
    return this.#makers.get(aliased(value));
  }

  /** Whether one item reads it, once, and it is wanted for nothing else. */
  isReadOnce(value: GraphValue): boolean {
    const base = aliased(value);
    return this.#readers.get(base) === 1 && !this.#kept.has(base);
  }

  /** Whether any of `values` cannot be made before `item` is done. */
  wait(values: readonly GraphValue[], item: Item): boolean {
    const seen = new Set<Item>();
    const open = [...values];
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      const maker = this.makerOf(value);
      if (maker === item) return true;
      // What was done before all of `item` does not wait for it.
      if (maker === undefined || maker.last < item.first || seen.has(maker)) continue;
      seen.add(maker);
      open.push(...readsOf(maker.work));
    }
    return false;
  }

  /** Puts `work`, which does that of `items`, in their place. */
  join(items: readonly Item[], work: Work): Item {
    for (const item of items) this.#items.delete(item);
    const first = Math.min(...items.map((item) => item.first));
    return this.#add({ work, first, last: Math.max(...items.map(({ last }) => last)) });
  }

  /** What leads to something that is wanted, each item behind what it reads and otherwise where it first stood. */
  inOrder(): Work[] {
    const live = new Set<Item>();
    const open = [...this.#kept].flatMap((value) => this.makerOf(value) ?? []);
    for (let item = open.pop(); item !== undefined; item = open.pop()) {
      if (live.has(item)) continue;
      live.add(item);
      open.push(...this.#makersOf(item));
    }
    const placed = new Set<Item>();
    for (const start of [...live].sort((a, b) => a.first - b.first)) {
      const stack = [start];
      for (let item = stack.at(-1); item !== undefined; item = stack.at(-1)) {
        const earlier = this.#makersOf(item).find((maker) => !placed.has(maker));
        if (earlier !== undefined && !placed.has(item)) stack.push(earlier);
        else placed.add(stack.pop() ?? item);
      }
    }
    return [...placed].map(({ work }) => work);
  }

  #makersOf({ work }: Item): Item[] {
    return readsOf(work).flatMap((value) => this.makerOf(value) ?? []);
  }

  #add(item: Item): Item {
    this.#items.add(item);
    for (const value of writesOf(item.work)) this.#makers.set(value, item);
    return item;
  }
}
