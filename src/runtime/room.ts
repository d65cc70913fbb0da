/** The memory of a device as one runtime uses it: within a budget, and with nothing kept that stands in the way. */
import type { Device, Program, Storage } from "../devices/device.ts";
import { DeviceLostError, OutOfMemoryError } from "../errors.ts";
import type { Plan } from "../scheduler/plan.ts";
import { collectGarbage } from "./garbage.ts";
import type { ProgramCache } from "./program-cache.ts";

/** Garbage is looked for when twice as much is held as after the last time, and at least so much. */
const LEAST_GARBAGE_BYTES = 512 * 2 ** 20;

export class Room {
  readonly #device: Device;
  readonly #budgetBytes: number;
  readonly #caches: readonly ProgramCache[];
  #collectAt = LEAST_GARBAGE_BYTES;

  /** `caches`: what can be given back where room is needed. */
  constructor(device: Device, budgetBytes: number, caches: readonly ProgramCache[]) {
    this.#device = device;
    this.#budgetBytes = budgetBytes;
    this.#caches = caches;
  }

  /** See `Device.allocate`. @throws OutOfMemoryError */
  allocate(bytes: number, isZeroed: boolean): Storage {
    this.#checkBudget(bytes);
    return this.#device.allocate(bytes, isZeroed);
  }

  release(storage: Storage): void {
    giveBack(() => this.#device.release(storage));
  }

  /** @throws OutOfMemoryError, KernelError */
  async load(plan: Plan): Promise<Program> {
    const load = () => {
      this.#checkBudget(this.#device.growth(plan));
      return this.#device.load(plan);
    };
    try {
      return await this.withRoom(load);
    } catch (error) {
      // The device may find out later than at once.
      if (!(error instanceof OutOfMemoryError)) throw error;
      return this.#makeRoom(load);
    }
  }

  unload(program: Program): void {
    giveBack(() => this.#device.unload(program));
  }

  /**
   * What `place` gives; where there is no room for it, what nobody uses is given back first. Only that takes time: a step
   * that is replayed goes through without a pause.
   */
  withRoom<T>(place: () => T): T | Promise<T> {
    try {
      return place();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      return this.#makeRoom(place);
    }
  }

  async #makeRoom<T>(place: () => Promise<T> | T): Promise<T> {
    for (const cache of this.#caches) cache.clear();
    let before = Number.POSITIVE_INFINITY;
    for (;;) {
      const held = this.#device.memory().bytes;
      try {
        return await place();
      } catch (error) {
        if (!(error instanceof OutOfMemoryError) || held >= before) throw error;
      }
      before = held;
      await collectGarbage(() => this.#device.memory().bytes < before);
    }
  }

  /** Whether so much is held that a part of it may be what nobody can reach. */
  get isFull(): boolean {
    return this.#device.memory().bytes >= this.#collectAt;
  }

  /** Keeps memory that nobody can reach from piling up where the engine sees no reason to collect. */
  async collect(): Promise<void> {
    const { bytes } = this.#device.memory();
    await collectGarbage(() => this.#device.memory().bytes < bytes / 2);
    this.#collectAt = Math.max(LEAST_GARBAGE_BYTES, 2 * this.#device.memory().bytes);
  }

  #checkBudget(bytes: number): void {
    const held = this.#device.memory().bytes;
    if (held + bytes <= this.#budgetBytes) return;
    throw new OutOfMemoryError(
      `memory: the budget of ${this.#budgetBytes} bytes must not be exceeded; got ${held} held and ${bytes} more asked for. Use a smaller batch or window, dispose of tensors, or raise memoryBudget in init().`,
    );
  }
}

function giveBack(give: () => void): void {
  try {
    give();
  } catch (error) {
    // A lost device has taken its memory with it, and a finalizer has nobody to tell.
    if (!(error instanceof DeviceLostError)) throw error;
  }
}
