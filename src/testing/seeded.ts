import { count as aCount, check, checkOptions, finite, whole } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { foldIn, type Key, keyOf, uniform } from "../tensor/random.ts";

/** What `seeded` is told. */
export interface SeededOptions {
  /** Another seed draws other cases. Default 0. */
  readonly seed?: number;
  /** The number of the one case that is wanted, as its name says it. */
  readonly only?: number;
}

/** Random choices of one case: the same on every machine. */
export class Draws {
  /** "case 7 of seed 0". */
  readonly name: string;
  readonly #key: Key;
  #drawn = 0;

  /** @throws ArgumentError for a seed that is no finite number */
  constructor(seed: number, index: number) {
    this.name = `case ${index} of seed ${seed}`;
    this.#key = foldIn(keyOf(seed), index);
  }

  /** `count` numbers in [low, high), which f32 holds exactly. @throws ArgumentError for no count, and bounds that are not finite */
  floats(count: number, low = -1, high = 1): Float32Array {
    check("floats", "count", count, whole);
    check("floats", "the lower bound", low, finite);
    check("floats", "the upper bound", high, finite);
    return Float32Array.from(this.#next(count), (x) => low + (high - low) * x);
  }

  /** A number in [low, high). @throws ArgumentError for bounds that are not finite */
  float(low = -1, high = 1): number {
    return this.floats(1, low, high)[0] ?? low;
  }

  /** A whole number from `low` to `high`, both included. @throws ArgumentError for bounds that are not whole, or cross */
  integer(low: number, high: number): number {
    if (!Number.isInteger(low) || !Number.isInteger(high) || low > high) {
      throw new ArgumentError(
        `integer: the bounds must be whole, the lower one first; got ${low} and ${high}. Exchange or round them.`,
      );
    }
    return low + Math.floor((this.#next(1)[0] ?? 0) * (high - low + 1));
  }

  /** One of a list. @throws ArgumentError where it is empty */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) {
      throw new ArgumentError(
        "pick: there must be something to pick from; got an empty list. Give one of an item or more.",
      );
    }
    // Its index is one of the list's.
    return from[this.integer(0, from.length - 1)] as T;
  }

  /** A shape of `rank` sizes, each from `low` to `high`, both included. @throws ArgumentError for bounds that are not whole, or cross */
  shape(rank: number, low = 1, high = 9): number[] {
    return Array.from({ length: rank }, () => this.integer(low, high));
  }

  /** `name`, for a test's title. */
  toString(): string {
    return this.name;
  }

  #next(count: number): Float64Array {
    return uniform(this.#key, this.#drawn++, count);
  }
}

/**
 * Random cases, the same at every run: `for (const draw of seeded(50)) …`, or `test.each(seeded(50))("%s", (draw) => …)`.
 * A case that fails is drawn alone by `seeded(50, { only: 7 })`.
 * @throws ArgumentError
 */
export function seeded(cases: number, options: SeededOptions = {}): Draws[] {
  check("seeded", "cases", cases, aCount);
  checkOptions("seeded", options, { seed: finite, only: whole });
  const { seed = 0, only } = options;
  if (only !== undefined) return [new Draws(seed, only)];
  return Array.from({ length: cases }, (_, index) => new Draws(seed, index));
}
