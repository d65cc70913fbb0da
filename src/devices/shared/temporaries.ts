/**
 * Temporaries of all programs of a device. Programs run one after the other, so what one of them leaves behind nobody
 * reads, and all may use the same memory: the largest slot of every program lies in level 0, the next in level 1, and
 * so on, each level as large as the largest slot in it. Ten plans of one model for ten lengths take what the longest
 * takes. A level moves when a program comes that needs more, or the last one that needed so much goes; programs then
 * ask anew where their slots lie (`version`), and otherwise nothing is done from run to run.
 *
 * What a level holds at the start of a run is whatever another program left there: no kernel may count on zeros.
 */

/** Where levels come from: a device's own memory. */
export interface TemporaryMemory<S> {
  /** Levels are multiples of so many bytes. */
  readonly granularity: number;
  /** Memory with anything in it. @throws OutOfMemoryError */
  allocate(bytes: number): S;
  /** Gives it back; runs that were asked for before still use it. */
  release(storage: S): void;
  /** Makes it larger or smaller where it lies, or says that it cannot be. */
  resize(storage: S, bytes: number): boolean;
}

/** A program's place among the temporaries. */
export interface Tenancy<S> {
  /** Of the program's slots, largest first: the bytes that each level must have at least. */
  readonly sizes: readonly number[];
  /** The level that each slot lies in. */
  readonly levels: readonly number[];
  /** Levels that are allocated and not yet in use. */
  readonly claimed: Map<number, S>;
}

interface Level<S> {
  readonly storage: S;
  bytes: number;
}

export class SharedTemporaries<S> {
  readonly #memory: TemporaryMemory<S>;
  readonly #levels: Level<S>[] = [];
  readonly #tenants = new Set<Tenancy<S>>();
  #version = 0;

  constructor(memory: TemporaryMemory<S>) {
    this.#memory = memory;
  }

  /** Another number whenever a level lies elsewhere than before. */
  get version(): number {
    return this.#version;
  }

  /** Of all levels. */
  get bytes(): number {
    return this.#levels.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Bytes that a program with these slots would add. */
  growth(slots: readonly number[]): number {
    return this.#sizesOf(slots).reduce(
      (sum, { bytes }, level) => sum + Math.max(0, bytes - (this.#levels[level]?.bytes ?? 0)),
      0,
    );
  }

  /** Allocates what a program with these slots lacks. `enter` puts it to use, `leave` gives it back. @throws OutOfMemoryError */
  claim(slots: readonly number[]): Tenancy<S> {
    const sorted = this.#sizesOf(slots);
    const levels = new Array<number>(slots.length);
    for (const [level, { slot }] of sorted.entries()) levels[slot] = level;
    const tenancy = { sizes: sorted.map(({ bytes }) => bytes), levels, claimed: new Map() };
    // From here on levels do not shrink below what it needs.
    this.#tenants.add(tenancy);
    try {
      for (const [level, bytes] of tenancy.sizes.entries()) this.#claimLevel(tenancy, level, bytes);
    } catch (error) {
      this.leave(tenancy);
      throw error;
    }
    return tenancy;
  }

  /** From now on the program may ask for its storages. */
  enter({ sizes, claimed }: Tenancy<S>): void {
    for (const [level, storage] of claimed) {
      const bytes = sizes[level] ?? 0;
      const held = this.#levels[level];
      // Another program may have brought a larger one in the meantime.
      if (held !== undefined && held.bytes >= bytes) this.#memory.release(storage);
      else this.#replace(level, { storage, bytes });
    }
    claimed.clear();
  }

  /** Gives back what only this program needed. */
  leave(tenancy: Tenancy<S>): void {
    if (!this.#tenants.delete(tenancy)) return;
    for (const storage of tenancy.claimed.values()) this.#memory.release(storage);
    tenancy.claimed.clear();
    this.#shrink();
  }

  /** Forgets everything, of a device that has ended and taken its memory with it. */
  clear(): void {
    this.#levels.length = 0;
    this.#tenants.clear();
  }

  /** Where each slot of a program lies until `version` changes. */
  storagesOf({ levels }: Tenancy<S>): S[] {
    return levels.flatMap((level) => this.#levels[level]?.storage ?? []);
  }

  #sizesOf(slots: readonly number[]): { bytes: number; slot: number }[] {
    const { granularity } = this.#memory;
    return slots
      .map((bytes, slot) => ({
        bytes: Math.max(1, Math.ceil(bytes / granularity)) * granularity,
        slot,
      }))
      .sort((a, b) => b.bytes - a.bytes || a.slot - b.slot);
  }

  #claimLevel({ claimed }: Tenancy<S>, level: number, bytes: number): void {
    const held = this.#levels[level];
    if (held !== undefined && held.bytes >= bytes) return;
    if (held !== undefined && this.#memory.resize(held.storage, bytes)) held.bytes = bytes;
    else claimed.set(level, this.#memory.allocate(bytes));
  }

  #replace(index: number, level: Level<S>): void {
    const before = this.#levels[index];
    this.#levels[index] = level;
    this.#version++;
    if (before !== undefined) this.#memory.release(before.storage);
  }

  #shrink(): void {
    // From the last: a level is never larger than the one before it.
    for (let index = this.#levels.length - 1; index >= 0; index--) {
      const level = this.#levels[index];
      let needed = 0;
      for (const { sizes } of this.#tenants) needed = Math.max(needed, sizes[index] ?? 0);
      if (level === undefined || level.bytes === needed) continue;
      if (needed === 0) {
        this.#levels.pop();
        this.#version++;
        this.#memory.release(level.storage);
      } else this.#shrinkLevel(index, level, needed);
    }
  }

  #shrinkLevel(index: number, level: Level<S>, bytes: number): void {
    if (this.#memory.resize(level.storage, bytes)) {
      level.bytes = bytes;
      return;
    }
    try {
      this.#replace(index, { storage: this.#memory.allocate(bytes), bytes });
    } catch {
      // No room for a smaller one beside it: the larger one serves as well.
    }
  }
}
