import { OutOfMemoryError } from "../../errors.ts";
import type { Storage } from "../device.ts";
import { BUFFER_USAGE } from "./flags.ts";

const USAGE = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST;

/** Freed buffers are kept for the next allocation up to this many bytes. */
const MAX_POOLED_BYTES = 256 * 1024 * 1024;

/** One GPUBuffer for one storage: WebGPU tracks hazards per buffer, so storages never share one. */
export class WebgpuStorage implements Storage {
  readonly bytes: number;
  readonly buffer: GPUBuffer;
  /** False for a buffer that the caller owns. */
  readonly isPooled: boolean;
  isReleased = false;

  constructor(bytes: number, buffer: GPUBuffer, isPooled: boolean) {
    this.bytes = bytes;
    this.buffer = buffer;
    this.isPooled = isPooled;
  }
}

/**
 * Storages by size class. A reused buffer has to be zero again: it is put on a list of buffers that the next
 * submission clears before anything else, unless it is written as a whole before that.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #budgetBytes: number;
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #toClear = new Map<GPUBuffer, number>();
  #pooledBytes = 0;
  #capacityBytes = 0;
  #bytes = 0;
  #buffers = 0;
  #made = 0;

  constructor(device: GPUDevice, budgetBytes: number) {
    this.#device = device;
    this.#budgetBytes = budgetBytes;
  }

  /** Bytes in use as they were asked for, and how many buffers hold them. */
  get usage(): { readonly bytes: number; readonly buffers: number } {
    return { bytes: this.#bytes, buffers: this.#buffers };
  }

  allocate(bytes: number): WebgpuStorage {
    const capacity = sizeClass(bytes);
    this.#bytes += bytes;
    this.#buffers++;
    this.#capacityBytes += capacity;
    const reused = this.#free.get(capacity)?.pop();
    if (reused !== undefined) {
      this.#pooledBytes -= capacity;
      this.#toClear.set(reused, Math.max(4, bytes));
      return new WebgpuStorage(bytes, reused, true);
    }
    try {
      return new WebgpuStorage(bytes, this.#create(capacity), true);
    } catch (error) {
      this.#forget(bytes, capacity);
      throw error;
    }
  }

  /** The storage of a caller's own buffer, which stays the caller's. */
  adopt(buffer: GPUBuffer): WebgpuStorage {
    this.#bytes += buffer.size;
    this.#buffers++;
    return new WebgpuStorage(buffer.size, buffer, false);
  }

  /** Safe right after a submission that uses it: later commands come later in the queue. */
  release(storage: WebgpuStorage): void {
    if (storage.isReleased) return;
    storage.isReleased = true;
    this.#toClear.delete(storage.buffer);
    const capacity = storage.isPooled ? storage.buffer.size : 0;
    this.#forget(storage.bytes, capacity);
    if (!storage.isPooled) return;
    if (this.#pooledBytes + capacity > MAX_POOLED_BYTES) {
      storage.buffer.destroy();
      return;
    }
    this.#pooledBytes += capacity;
    const free = this.#free.get(capacity);
    if (free === undefined) this.#free.set(capacity, [storage.buffer]);
    else free.push(storage.buffer);
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

  #forget(bytes: number, capacity: number): void {
    this.#bytes -= bytes;
    this.#buffers--;
    this.#capacityBytes -= capacity;
  }

  #create(capacity: number): GPUBuffer {
    const limit = this.#device.limits.maxBufferSize;
    if (capacity > limit) {
      throw new OutOfMemoryError(
        `webgpu: a buffer must have at most ${limit} bytes on this adapter; got ${capacity}. Use smaller batches or the cpu device.`,
      );
    }
    if (this.#capacityBytes + this.#pooledBytes > this.#budgetBytes) this.trim();
    if (this.#capacityBytes > this.#budgetBytes) {
      throw new OutOfMemoryError(
        `webgpu: memory in use must stay within the budget of ${this.#budgetBytes} bytes; got ${this.#capacityBytes}. Dispose of tensors, use smaller batches, or raise the budget.`,
      );
    }
    const label = `gradgpu storage ${this.#made++} (${capacity} bytes)`;
    return this.#device.createBuffer({ label, size: capacity, usage: USAGE });
  }
}

/** The next of 256 · 2^k · {1, 1.25, 1.5, 1.75}: at most a quarter is lost, and few sizes make reuse likely. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3);
  const rounded = Math.ceil(bytes / step) * step;
  return Math.ceil(rounded / 256) * 256;
}
