/** Values that come by themselves, for any number of loops that follow them. */
export class Stream<T> {
  readonly #followers = new Set<Follower<T>>();
  #end: { readonly error: Error | undefined } | undefined;

  add(value: T): void {
    for (const follower of this.#followers) follower.add(value);
  }

  /** With the error that loops end in, or none. */
  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    for (const follower of this.#followers) follower.end(error);
    this.#followers.clear();
  }

  /** What comes from now on. */
  follow(): AsyncIterableIterator<T> {
    const follower = new Follower<T>(() => this.#followers.delete(follower));
    if (this.#end === undefined) this.#followers.add(follower);
    else follower.end(this.#end.error);
    return follower;
  }
}

class Follower<T> implements AsyncIterableIterator<T> {
  readonly #leave: () => void;
  #values: T[] = [];
  #wake: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  add(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  end(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#values.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#values.length > 0) return { done: false, value: this.#values.shift() as T };
    const error = this.#end?.error;
    this.#end = { error: undefined };
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#leave();
    this.#values = [];
    this.end(undefined);
    return { done: true, value: undefined };
  }
}
