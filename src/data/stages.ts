/** Pipelines of any items. All are lazy: nothing is read before the item that needs it is asked for. */
import { callable, check, checkOptions, count, flag, required, rule, whole } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { checkSource, itemsOf, passOf, pipeline, type Source } from "./source.ts";

/**
 * fn(item, index) of every item; where it gives promises, one after the other. `prefetch` behind it works ahead.
 * @throws ArgumentError for what is no source or no function; what `fn` throws goes to whoever asked for the item
 */
export function map<T, U>(
  source: Source<T>,
  fn: (item: T, index: number) => U | PromiseLike<U>,
): AsyncIterable<U> {
  checkSource("map", source);
  check("map", "the function", fn, callable);
  return pipeline(async function* () {
    let index = 0;
    for await (const item of itemsOf("map", source)) yield await fn(item, index++);
  });
}

/**
 * The items of all sources, one source after the other.
 * @throws ArgumentError for what is no source
 */
export function concatenate<T>(...sources: readonly Source<T>[]): AsyncIterable<T> {
  for (const source of sources) checkSource("concatenate", source);
  return pipeline(async function* () {
    for (const source of sources) yield* itemsOf("concatenate", source);
  });
}

/**
 * Items of several sources side by side, by the same names: `zip({ x: pictures, y: labels })` gives { x, y }.
 * @throws ShapeError where one ends before the others do; `take` cuts what is longer; ArgumentError for what are no
 *   sources by name
 */
export function zip<R extends Readonly<Record<string, unknown>>>(
  sources: {
    readonly [K in keyof R]: Source<R[K]>;
  },
): AsyncIterable<R> {
  check("zip", "the sources", sources, aRecord, "Write zip({ x: …, y: … }).");
  for (const [name, source] of Object.entries(sources)) checkSource("zip", source, name);
  return pipeline(() => side(sources));
}

const aRecord = {
  is: "a record of them, one at least",
  holds: (given: unknown) =>
    typeof given === "object" && given !== null && Object.keys(given).length > 0,
};

async function* side<R extends Readonly<Record<string, unknown>>>(
  sources: {
    readonly [K in keyof R]: Source<R[K]>;
  },
): AsyncGenerator<R, void, void> {
  const passes: (readonly [string, AsyncIterator<unknown>])[] = [];
  try {
    for (const [name, source] of Object.entries<Source<unknown>>(sources))
      passes.push([name, await passOf("zip", source)]);
    for (let index = 0; ; index++) {
      const items: Record<string, unknown> = {};
      const ended: string[] = [];
      for (const [name, pass] of passes) {
        const next = await pass.next();
        if (next.done === true) ended.push(name);
        else items[name] = next.value;
      }
      if (ended.length === passes.length) return;
      if (ended.length > 0) {
        throw new ShapeError(
          `zip: all sources must have as many items; got ${ended.join(", ")} at its end after ${index}, ${Object.keys(items).join(", ")} not. Cut what is longer: take(source, ${index}).`,
        );
      }
      // It has what every source gave, by the name of that source.
      yield items as R;
    }
  } finally {
    for (const [, pass] of passes) await pass.return?.();
  }
}

/** How long windows are, and where they begin. */
export interface WindowOptions {
  /** Items of one window. */
  readonly size: number;
  /** How many items further the next window begins; `size`, so that none is in two. */
  readonly every?: number;
  /** Whether items at the end that fill no window are left out. They are one shorter window where nothing is said. */
  readonly dropLast?: boolean;
}

/**
 * Lists of `size` items that follow each other. With `every` below `size` they overlap.
 * @throws ArgumentError for what is no source, and for options that break their rules
 */
export function window<T>(source: Source<T>, options: WindowOptions): AsyncIterable<readonly T[]> {
  checkSource("window", source);
  checkOptions<WindowOptions>("window", options, {
    size: required(count),
    every: count,
    dropLast: flag,
  });
  const { size, every = size, dropLast = false } = options;
  return pipeline(async function* () {
    let held: T[] = [];
    let skip = 0;
    // Whether `held` has an item that no window had.
    let isNew = false;
    for await (const item of itemsOf("window", source)) {
      if (skip > 0) {
        skip--;
        continue;
      }
      held.push(item);
      isNew = true;
      if (held.length < size) continue;
      yield held;
      held = held.slice(every);
      skip = Math.max(0, every - size);
      isNew = false;
    }
    if (isNew && !dropLast) yield held;
  });
}

/** The first `length` items, or all where there are fewer. */
export function takeItems<T>(source: Source<T>, length: number): AsyncIterable<T> {
  checkSource("take", source);
  check("take", "the length", length, whole);
  return pipeline(async function* () {
    if (length === 0) return;
    let taken = 0;
    for await (const item of itemsOf("take", source)) {
      yield item;
      if (++taken === length) return;
    }
  });
}

/**
 * The items of `source`, kept in memory by the first pass that comes to the end: later ones read nothing. Put it before
 * what differs from epoch to epoch, outside of the function that makes the epochs.
 * @throws ArgumentError for what is no source
 */
export function cache<T>(source: Source<T>): AsyncIterable<T> {
  checkSource("cache", source);
  let kept: readonly T[] | undefined;
  return pipeline(async function* () {
    if (kept !== undefined) {
      yield* kept;
      return;
    }
    const items: T[] = [];
    for await (const item of itemsOf("cache", source)) {
      items.push(item);
      yield item;
    }
    kept = items;
  });
}

/**
 * The items of `source`, up to `ahead` of which are read before they are asked for, while a step runs.
 * @throws ArgumentError for what is no source, and for options that break their rules
 */
export function prefetch<T>(source: Source<T>, ahead = 2): AsyncIterable<T> {
  checkSource("prefetch", source);
  check("prefetch", "how many are read ahead", ahead, FEW, "2 are enough beside a step.");
  return pipeline(() => readAhead(source, ahead));
}

/** Each of them is asked for at once. */
const FEW = rule(
  "a whole number from 1 to 1,000",
  (value) => count.holds(value) && Number(value) <= 1_000,
);

async function* readAhead<T>(source: Source<T>, ahead: number): AsyncGenerator<T, void, void> {
  const items = itemsOf("prefetch", source);
  const queue: Promise<IteratorResult<T, void>>[] = [];
  let isLeft = false;
  let last: Promise<unknown> = Promise.resolve();
  const read = () => {
    // One after the other, so that what is left asks for no more.
    const next = last.then(() => (isLeft ? ENDED : items.next()));
    last = next;
    // Whoever comes to it is told; until then it is nobody's rejection.
    next.catch(() => undefined);
    queue.push(next);
  };
  try {
    while (true) {
      while (queue.length <= ahead) read();
      const next = await queue.shift();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    isLeft = true;
    await items.return();
  }
}

const ENDED = { done: true, value: undefined } as const;
