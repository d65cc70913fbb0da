/**
 * Waiting for what others do: callbacks, and data as it arrives. It may never come, so an aborted signal and the loss
 * of the device end the waiting as well.
 */
type Heard = (reason: unknown) => void;

interface Watched {
  readonly listeners: Set<Heard>;
  /** Why the device was lost. */
  end: { readonly reason: unknown } | undefined;
}

/** By the promise that tells of a device's loss, to which there is one reaction, however many wait. */
const watched = new WeakMap<Promise<unknown>, Watched>();

function watch(lost: Promise<unknown>): Watched {
  const known = watched.get(lost);
  if (known !== undefined) return known;
  const made: Watched = { listeners: new Set(), end: undefined };
  watched.set(lost, made);
  void lost.then((reason) => {
    made.end = { reason };
    for (const heard of made.listeners) heard(reason);
  });
  return made;
}

/** Calls `heard` when `lost` has settled, unless the function that comes back was called before. */
export function onLoss(lost: Promise<unknown>, heard: Heard): () => void {
  const { listeners, end } = watch(lost);
  if (end !== undefined) heard(end.reason);
  listeners.add(heard);
  return () => void listeners.delete(heard);
}

/** How long one call waits for others. One thing is waited for at a time. */
export class Patience {
  readonly #leave: () => void;
  #end: { readonly reason: unknown } | undefined;
  #fail: Heard | undefined;

  /** `lost` settles when the device is, with the reason. */
  constructor(signal: AbortSignal | undefined, lost: Promise<unknown>) {
    const over = (reason: unknown) => {
      this.#end ??= { reason };
      this.#fail?.(reason);
    };
    const aborted = () => over(signal?.reason);
    if (signal?.aborted) aborted();
    const leave = onLoss(lost, over);
    signal?.addEventListener("abort", aborted);
    this.#leave = () => {
      signal?.removeEventListener("abort", aborted);
      leave();
    };
  }

  /** Whether nobody is to be waited for any more. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** What `given` comes to. @throws what it throws, the signal's reason, or a DeviceLostError */
  async of<T>(given: T | PromiseLike<T>): Promise<T> {
    if (!isThenable(given)) return given;
    const coming = Promise.resolve(given);
    try {
      return await new Promise<T>((resolve, reject) => {
        coming.then(resolve, reject);
        this.#fail = reject;
        if (this.#end !== undefined) reject(this.#end.reason);
      });
    } finally {
      this.#fail = undefined;
    }
  }

  /** Listens no longer. */
  close(): void {
    this.#leave();
  }
}

function isThenable<T>(given: T | PromiseLike<T>): given is PromiseLike<T> {
  return typeof (given as { then?: unknown } | null | undefined)?.then === "function";
}
