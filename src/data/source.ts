/**
 * What pipelines read and give: items one after the other, read when they are asked for, and from the beginning by
 * everyone who begins.
 *
 *   source → map → shuffle → batch → prefetch → trainer.fit
 */
import { shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";

type Pass<T> = Iterable<T | PromiseLike<T>> | AsyncIterable<T>;

/**
 * Items in memory, as they arrive, or a function that begins a new pass over them: `function* () { yield 1; }`.
 * Something iterable is passed over again for every epoch; a generator has one pass only, so give its function.
 */
export type Source<T> = Pass<T> | (() => Pass<T> | PromiseLike<Pass<T>>);

const METHODS = [Symbol.asyncIterator, Symbol.iterator] as const;

export function isSource<T>(given: Source<T> | object): given is Source<T> {
  return typeof given === "function" || isPass(given);
}

/** @throws ArgumentError unless `source` is one */
export function checkSource(caller: string, source: unknown, name = "the source"): void {
  if (typeof source === "function" || isPass(source)) return;
  throw refused(caller, name, source);
}

function isPass(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  return METHODS.some((method) => typeof Reflect.get(given, method) === "function");
}

function refused(caller: string, name: string, got: unknown): ArgumentError {
  return new ArgumentError(
    `${caller}: ${name} must be something iterable, or a function that gives it; got ${shown(got)}. A function* that yields items is one.`,
  );
}

/** Items that `pass` yields, anew for everyone who begins. */
export function pipeline<T>(pass: () => AsyncIterator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: pass };
}

/** Generators that have been begun: they would be empty a second time. */
const begun = new WeakSet<object>();

/**
 * One pass over `source`, whose `next` is called once at a time.
 * @throws ArgumentError where it is none, or a generator that was begun before
 */
export async function passOf<T>(caller: string, source: Source<T>): Promise<AsyncIterator<T>> {
  const given: unknown = typeof source === "function" ? await source() : source;
  if (!isPass(given)) throw refused(caller, "what the source's function gives", given);
  // A detached array is one of none; it could not be read.
  const isEmpty = ArrayBuffer.isView(given) && given.byteLength === 0;
  const items = isEmpty ? [] : (given as Pass<T>);
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  if (typeof iterator?.next !== "function") throw refused(caller, "the source", given);
  if (Object.is(iterator, given)) {
    if (begun.has(iterator)) {
      throw new ArgumentError(
        `${caller}: a source must be there again for every pass; got a generator that was begun before. Pass the function that makes it.`,
      );
    }
    begun.add(iterator);
  }
  return settled(iterator);
}

/** What a synchronous iterator gives may be promises. As by a loop, one is closed that has neither ended nor thrown. */
function settled<T>(iterator: Iterator<T | PromiseLike<T>> | AsyncIterator<T>): AsyncIterator<T> {
  let isOpen = true;
  return {
    async next() {
      if (!isOpen) return { done: true, value: undefined };
      isOpen = false;
      const next = await iterator.next();
      if (next.done === true) return { done: true, value: undefined };
      isOpen = true;
      return { done: false, value: await next.value };
    },
    async return() {
      if (isOpen) {
        isOpen = false;
        await iterator.return?.();
      }
      return { done: true, value: undefined };
    },
  };
}

/** The items of one pass, for a loop; the source is closed where the loop is left. */
export async function* itemsOf<T>(
  caller: string,
  source: Source<T>,
): AsyncGenerator<T, void, void> {
  const pass = await passOf(caller, source);
  try {
    for (let next = await pass.next(); next.done !== true; next = await pass.next())
      yield next.value;
  } finally {
    await pass.return?.();
  }
}
