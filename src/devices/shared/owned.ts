import { isDebugBuild } from "../../debug.ts";
import { DisposedError, InternalError } from "../../errors.ts";

/**
 * What a device has handed out and not got back: storages, or programs. The one place that knows whether a handle may
 * be used, so that memory which belongs to somebody else by now is never read, written or given back.
 */
export class OwnedResources<T extends object> {
  readonly #held = new Set<T>();
  readonly #kind: new (
    ...args: never
  ) => T;
  readonly #name: string;

  constructor(kind: new (...args: never) => T, name: string) {
    this.#kind = kind;
    this.#name = name;
  }

  add(resource: T): T {
    this.#held.add(resource);
    return resource;
  }

  /** @throws DisposedError for what was given back, InternalError for what another kind of device made */
  get(call: string, handle: object): T {
    if (!(handle instanceof this.#kind)) {
      throw new InternalError(
        `${call}: ${this.#name} must be this device's; got one of another device.`,
      );
    }
    if (this.#held.has(handle)) return handle;
    throw new DisposedError(
      `${call}: ${this.#name} must be in use on this device; got one that was given back. Make a new one.`,
    );
  }

  /** Nothing for what was given back before. @throws InternalError in a debug build */
  remove(call: string, handle: object): T | undefined {
    if (handle instanceof this.#kind && this.#held.delete(handle)) return handle;
    if (!isDebugBuild) return undefined;
    throw new InternalError(`${call}: ${this.#name} was not in use on this device.`);
  }

  /** Everything, which is then held no longer. */
  clear(): T[] {
    const all = [...this.#held];
    this.#held.clear();
    return all;
  }

  values(): Iterable<T> {
    return this.#held;
  }
}
