/**
 * The stretches of time, counted in calls, in which slots are free. Asked for a stretch it gives the slot that has been
 * free for the shortest time before it, so that long gaps are left to whoever needs them; a tree of the longest gap from
 * each call on finds it, however many slots there are.
 */

/** A stretch of calls, first and last. */
export type Span = readonly [first: number, last: number];

interface Gap {
  readonly last: number;
  readonly slot: number;
}

export class Gaps {
  readonly #calls: number;
  /** By their first call, those that end first in front. */
  readonly #byFirst: Gap[][];
  /** A binary tree over first calls, its leaves from `#leaves` on: the last call of the gap that ends last; -1 for none. */
  readonly #most: Int32Array;
  readonly #leaves: number;

  constructor(calls: number) {
    this.#calls = calls;
    this.#byFirst = Array.from({ length: calls }, () => []);
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, calls)));
    this.#most = new Int32Array(2 * this.#leaves).fill(-1);
  }

  /** A slot that is free all through `span`, which is then taken; undefined where there is none. */
  take([first, last]: Span): number | undefined {
    const start = this.#startOf(first, last);
    const gaps = this.#byFirst[start] ?? [];
    const at = indexFor(gaps, last);
    const gap = gaps[at];
    if (gap === undefined) return undefined;
    gaps.splice(at, 1);
    this.#renew(start);
    this.#add([start, first - 1], gap.slot);
    this.#add([last + 1, gap.last], gap.slot);
    return gap.slot;
  }

  /** A slot that is free at all times but during `span`. */
  addSlot(slot: number, [first, last]: Span): void {
    this.#add([0, first - 1], slot);
    this.#add([last + 1, this.#calls - 1], slot);
  }

  #add([first, last]: Span, slot: number): void {
    if (last < first) return;
    const gaps = this.#byFirst[first] ?? [];
    gaps.splice(indexFor(gaps, last), 0, { last, slot });
    this.#renew(first);
  }

  #renew(first: number): void {
    let node = this.#leaves + first;
    this.#most[node] = this.#byFirst[first]?.at(-1)?.last ?? -1;
    for (node >>= 1; node > 0; node >>= 1)
      this.#most[node] = Math.max(this.#mostAt(2 * node), this.#mostAt(2 * node + 1));
  }

  /** The last call up to `first` from which on a gap reaches to `last`; -1 where there is none. */
  #startOf(first: number, last: number): number {
    let node = this.#leaves + first;
    // Up until something on the left reaches far enough, then down to the rightmost that does.
    while (this.#mostAt(node) < last) {
      while (node % 2 === 0) node >>= 1;
      if (node <= 1) return -1;
      node--;
    }
    while (node < this.#leaves) node = 2 * node + (this.#mostAt(2 * node + 1) < last ? 0 : 1);
    return node - this.#leaves;
  }

  #mostAt(node: number): number {
    return this.#most[node] ?? -1;
  }
}

/** The first of `gaps` that reaches to `last`. */
function indexFor(gaps: readonly Gap[], last: number): number {
  let [from, to] = [0, gaps.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((gaps[middle]?.last ?? -1) < last) from = middle + 1;
    else to = middle;
  }
  return from;
}
