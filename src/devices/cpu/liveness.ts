/**
 * A Web Worker that is killed (by the browser, by the developer's tools, by a page that wraps Worker) fires no event.
 * But a lock that it holds falls to the next who asks for it: each worker takes one of its own before it says that it is
 * ready, and the page asks for the same one. Names are random, for locks belong to all pages of an origin. Where there
 * are no locks (pages that are not secure, frames of an opaque origin) the end of a worker cannot be seen. Node's
 * threads have an event.
 */

function locksOf(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

/** A name for a worker's lock that no other worker of any page has; nothing where there are no locks. */
export function lockName(): string | undefined {
  if (locksOf() === undefined) return undefined;
  return `gradgpu-cpu ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
}

/** In the worker: holds the lock for as long as the worker lives. False where that cannot be. */
export function holdLock(name: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const locks = locksOf();
    if (name === undefined || locks === undefined) {
      resolve(false);
      return;
    }
    const forEver = () => {
      resolve(true);
      return new Promise(() => {});
    };
    locks.request(name, forEver).catch(() => resolve(false));
  });
}

/** On the page: calls `died` when whoever holds the lock has ended. What is returned ends the watch. */
export function watchLock(name: string, died: () => void): () => void {
  const watch = new AbortController();
  // Refused when the watch ends.
  locksOf()
    ?.request(name, { signal: watch.signal }, died)
    .catch(() => {});
  return () => watch.abort();
}
