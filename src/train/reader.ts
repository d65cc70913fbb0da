import { shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Patience } from "./patience.ts";

/** A source that is left may clean up, and is waited for so long. */
const CLOSING_MS = 1000;

/** One pass over items of others' making, as they arrive. */
export class Reader<T> {
  readonly #iterator: Iterator<T | PromiseLike<T>> | AsyncIterator<T>;
  readonly #caller: string;
  readonly #patience: Patience;
  #isDone = false;

  constructor(
    caller: string,
    items: Iterable<T | PromiseLike<T>> | AsyncIterable<T>,
    patience: Patience,
  ) {
    this.#caller = caller;
    this.#patience = patience;
    this.#iterator =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    if (typeof this.#iterator?.next === "function") return;
    throw new ArgumentError(
      `${caller}: an iterator must have a next(); got ${shown(this.#iterator)}. A generator has: function* () { yield { x, y }; }.`,
    );
  }

  /** The next item, as `value`; nothing at the end. @throws what the source does, and what ends the waiting for it */
  async next(): Promise<{ readonly value: T } | undefined> {
    try {
      const next = await this.#patience.of<unknown>(this.#iterator.next());
      if (!isResult<T>(next)) {
        throw new ArgumentError(
          `${this.#caller}: the next() of an iterator must give { done, value }; got ${shown(next)}. A generator does: function* () { yield { x, y }; }.`,
        );
      }
      if (next.done !== true) return { value: await this.#patience.of(next.value) };
      this.#isDone = true;
      return undefined;
    } catch (error) {
      // A source that has thrown is at its end; one that has not answered yet is told to stop.
      this.#isDone ||= !this.#patience.isOver;
      throw error;
    }
  }

  /** Tells the source that nothing more is wanted. @throws what it throws then, unless it is `late` to answer */
  async close(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    const closed = Promise.resolve(this.#iterator.return?.());
    if (this.#patience.isOver) {
      closed.catch(() => undefined);
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSING_MS);
    });
    try {
      await Promise.race([closed, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isResult<T>(next: unknown): next is IteratorResult<T | PromiseLike<T>> {
  return typeof next === "object" && next !== null;
}
