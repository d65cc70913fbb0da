import { OutOfMemoryError } from "../../errors.ts";
import type { Storage } from "../device.ts";
import { BUFFER_USAGE } from "./flags.ts";

const USAGE = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST;

/** Freed buffers are kept for the next allocation up to this many bytes. */
const MAX_POOLED_BYTES = 256 * 1024 * 1024;

/** One GPUBuffer for one storage: WebGPU tracks hazards per buffer, so storages never share one. */
export class WebgpuStorage implements Storage {
  bytes: number;
  readonly buffer: GPUBuffer;
  /** Set where the GPU turned out to have no memory for the buffer. */
  failure: OutOfMemoryError | undefined;

  constructor(bytes: number, buffer: GPUBuffer) {
    this.bytes = bytes;
    this.buffer = buffer;
  }
}

/**
 * Storages by size class. A reused buffer has to be zero again: it is put on a list of buffers that the next
 * submission clears before anything else, unless it is written as a whole before that.
 *
 * Whether there is memory for a new buffer the GPU says later. Until then the buffer is `unconfirmed`, and what is
 * done with it is watched; where there was none, its storage is marked, and the buffer is not used again.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #budgetBytes: number;
  readonly #onFailure: (failure: OutOfMemoryError) => void;
  readonly #free = new Map<number, GPUBuffer[]>();
  /** Buffers in use. */
  readonly #holders = new Map<GPUBuffer, WebgpuStorage>();
  readonly #toClear = new Map<GPUBuffer, number>();
  readonly #unconfirmed = new Map<GPUBuffer, Promise<void>>();
  readonly #failures = new WeakMap<GPUBuffer, OutOfMemoryError>();
  #pooledBytes = 0;
  #capacityBytes = 0;
  #bytes = 0;
  #buffers = 0;
  #made = 0;

  constructor(
    device: GPUDevice,
    budgetBytes: number,
    onFailure: (failure: OutOfMemoryError) => void,
  ) {
    this.#device = device;
    this.#budgetBytes = budgetBytes;
    this.#onFailure = onFailure;
  }

  /** Bytes in use as they were asked for, how many buffers hold them, and what is held beyond that. */
  get usage(): { readonly bytes: number; readonly buffers: number; readonly freeBytes: number } {
    return {
      bytes: this.#bytes,
      buffers: this.#buffers,
      freeBytes: this.#pooledBytes + this.#capacityBytes - this.#bytes,
    };
  }

  /** Buffers that the GPU may have no memory for. */
  get unconfirmed(): readonly GPUBuffer[] {
    return this.#unconfirmed.size === 0 ? [] : [...this.#unconfirmed.keys()];
  }

  /** `isZeroed`: false for memory that may hold anything. @throws OutOfMemoryError */
  allocate(bytes: number, isZeroed = true): WebgpuStorage {
    const capacity = sizeClass(bytes);
    const reused = this.#free.get(capacity)?.pop();
    if (reused !== undefined) {
      this.#pooledBytes -= capacity;
      if (isZeroed) this.#toClear.set(reused, Math.max(4, bytes));
    }
    const buffer = reused ?? this.#create(capacity);
    const storage = new WebgpuStorage(bytes, buffer);
    this.#holders.set(buffer, storage);
    this.#count(bytes, 1, capacity);
    return storage;
  }

  /** Safe right after a submission that uses it: later commands come later in the queue. */
  release({ buffer, bytes, failure }: WebgpuStorage): void {
    const capacity = sizeClass(bytes);
    this.#toClear.delete(buffer);
    this.#holders.delete(buffer);
    this.#count(-bytes, -1, -capacity);
    if (failure !== undefined || this.#pooledBytes + capacity > MAX_POOLED_BYTES) {
      buffer.destroy();
      return;
    }
    this.#pooledBytes += capacity;
    const free = this.#free.get(capacity);
    if (free === undefined) this.#free.set(capacity, [buffer]);
    else free.push(buffer);
  }

  /** Makes a storage larger or smaller where its buffer is of the right size for both. */
  resize(storage: WebgpuStorage, bytes: number): boolean {
    if (sizeClass(bytes) !== sizeClass(storage.bytes)) return false;
    this.#count(bytes - storage.bytes, 0, 0);
    storage.bytes = bytes;
    return true;
  }

  /** Settles when the GPU has said whether it has memory for the storage. */
  async confirmed({ buffer }: WebgpuStorage): Promise<void> {
    await this.#unconfirmed.get(buffer);
  }

  /** Why commands with these buffers failed, if it was for want of memory. */
  failureAmong(buffers: readonly GPUBuffer[]): OutOfMemoryError | undefined {
    const failed = buffers.find((buffer) => this.#failures.has(buffer));
    return failed && this.#failures.get(failed);
  }

  /** Whether a write of these bytes must wait until the buffer was cleared. A write of all of them need not. */
  needsClear(storage: WebgpuStorage, writtenBytes: number): boolean {
    if (writtenBytes === storage.bytes) this.#toClear.delete(storage.buffer);
    return this.#toClear.has(storage.buffer);
  }

  /** Clears what has to be zero; comes first in every encoder. */
  encodeClears(encoder: GPUCommandEncoder): void {
    if (this.#toClear.size === 0) return;
    for (const [buffer, bytes] of this.#toClear)
      encoder.clearBuffer(buffer, 0, Math.ceil(bytes / 4) * 4);
    this.#toClear.clear();
  }

  /** Destroys the free buffers. */
  trim(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
    this.#pooledBytes = 0;
  }

  /** Destroys all buffers. */
  close(): void {
    this.trim();
    for (const buffer of this.#holders.keys()) buffer.destroy();
    this.#holders.clear();
    this.#toClear.clear();
    this.#unconfirmed.clear();
    this.#bytes = this.#buffers = this.#capacityBytes = 0;
  }

  #count(bytes: number, buffers: number, capacity: number): void {
    this.#bytes += bytes;
    this.#buffers += buffers;
    this.#capacityBytes += capacity;
  }

  #create(capacity: number): GPUBuffer {
    const limit = this.#device.limits.maxBufferSize;
    if (capacity > limit) {
      throw new OutOfMemoryError(
        `webgpu: a buffer must have at most ${limit} bytes on this adapter; got ${capacity}. Use smaller batches or the cpu device.`,
      );
    }
    const needed = this.#capacityBytes + capacity;
    if (needed + this.#pooledBytes > this.#budgetBytes) this.trim();
    if (needed > this.#budgetBytes) {
      throw new OutOfMemoryError(
        `webgpu: memory in use must stay within the budget of ${this.#budgetBytes} bytes; got ${needed}. Use smaller batches, or dispose of tensors that are no longer needed.`,
      );
    }
    const label = `gradgpu storage ${this.#made++} (${capacity} bytes)`;
    this.#device.pushErrorScope("out-of-memory");
    const buffer = this.#device.createBuffer({ label, size: capacity, usage: USAGE });
    this.#watch(buffer, capacity, this.#device.popErrorScope());
    return buffer;
  }

  #watch(buffer: GPUBuffer, capacity: number, said: Promise<GPUError | null>): void {
    const confirmed = said.then(
      (error) => {
        this.#unconfirmed.delete(buffer);
        if (error !== null) this.#fail(buffer, capacity);
      },
      // Of a device that was lost nothing is known; it says so itself.
      () => {},
    );
    this.#unconfirmed.set(buffer, confirmed);
  }

  #fail(buffer: GPUBuffer, capacity: number): void {
    const failure = new OutOfMemoryError(
      `webgpu: the GPU must have memory for what is allocated; got a request for ${capacity} bytes with ${this.#capacityBytes} in use. Use smaller batches, dispose of tensors, or use the cpu device.`,
    );
    this.#failures.set(buffer, failure);
    const holder = this.#holders.get(buffer);
    if (holder !== undefined) holder.failure = failure;
    const free = this.#free.get(capacity) ?? [];
    const index = free.indexOf(buffer);
    if (index >= 0) {
      free.splice(index, 1);
      this.#pooledBytes -= capacity;
    }
    this.#onFailure(failure);
  }
}

/** The next of 256 · 2^k · {1, 1.25, 1.5, 1.75}: at most a quarter is lost, and few sizes make reuse likely. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const grain = 2 ** (Math.ceil(Math.log2(bytes)) - 3);
  const rounded = Math.ceil(bytes / grain) * grain;
  return Math.ceil(rounded / 256) * 256;
}
