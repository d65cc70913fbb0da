import { KernelError } from "../../errors.ts";

/**
 * Keeps the order of a device's calls. A run that has to wait for the host (a fallback step in the middle) makes every
 * later call wait behind it; otherwise a call is done at once, in the caller's stack.
 */
export class CallQueue {
  readonly #waiting: (() => void | Promise<void>)[] = [];
  readonly #onLateError: (error: unknown) => void;
  #isBusy = false;

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** `onLateError` is told what a deferred task throws: its caller is gone. */
  constructor(onLateError: (error: unknown) => void) {
    this.#onLateError = onLateError;
  }

  /** Does `task` now, where it may throw, or when its turn comes. */
  do(task: () => void | Promise<void>): void {
    if (this.#isBusy) this.#waiting.push(task);
    else this.#start(task);
  }

  /** Drops what waits, for a device that has ended. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #start(task: () => void | Promise<void>): void {
    const done = task();
    if (done === undefined) return;
    this.#isBusy = true;
    const next = () => this.#drain();
    done.then(next, next);
  }

  #drain(): void {
    this.#isBusy = false;
    while (!this.#isBusy) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      try {
        this.#start(task);
      } catch (error) {
        this.#onLateError(error);
      }
    }
  }
}

/** A device that is being lost refuses commands before it says that it is lost: by so much, on a busy machine. */
const LOSS_MS = 1000;

/** The promises that were given out and have not settled, so that all of them can be rejected when the device is lost. */
export class PendingPromises {
  readonly #rejects = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  track<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason !== undefined) {
        promise.catch(() => {});
        reject(this.#reason);
        return;
      }
      this.#rejects.add(reject);
      promise.then(
        (value) => {
          this.#rejects.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          const tell = () => {
            this.#rejects.delete(reject);
            reject(error instanceof Error ? error : new Error(String(error)));
          };
          if (error instanceof KernelError) setTimeout(tell, LOSS_MS);
          else tell();
        },
      );
    });
  }

  rejectAll(reason: Error): void {
    this.#reason = reason;
    for (const reject of this.#rejects) reject(reason);
    this.#rejects.clear();
  }
}
