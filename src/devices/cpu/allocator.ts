import { OutOfMemoryError } from "../../errors.ts";

/** Storages start and end at multiples of a cache line, so that no two threads' outputs share one. */
export const ALIGNMENT = 64;

/** Kernels may read this far behind a storage: the last vector of a row. */
const GUARD_BYTES = 256;

export interface Allocation {
  readonly address: number;
  /** True where the memory has never been handed out: a WebAssembly memory starts as zeros. */
  readonly fresh: boolean;
}

interface Block {
  readonly address: number;
  readonly bytes: number;
}

function roundUp(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
}

/**
 * Addresses in one linear memory: the smallest free block that is large enough, else the memory's end. Free
 * neighbours are joined. Blocks that are given back are at once free: the device's calls keep their order, so
 * whoever gets the block next writes it after everyone who still reads it.
 */
export class Allocator {
  /** Sorted by address, no two of them adjacent. */
  private free: Block[] = [];
  private readonly used = new Map<number, number>();
  private end: number;
  private usedBytes = 0;
  private readonly reserve: (bytes: number) => boolean;

  /** `reserve(bytes)` makes the memory at least that large, or returns false where that cannot be. */
  constructor(first: number, reserve: (bytes: number) => boolean) {
    this.end = roundUp(first);
    this.reserve = reserve;
  }

  get bytes(): number {
    return this.usedBytes;
  }

  get buffers(): number {
    return this.used.size;
  }

  /** Between blocks that are in use. */
  get freeBytes(): number {
    return this.free.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Of the block in use at `address`. */
  bytesAt(address: number): number {
    return this.used.get(address) ?? 0;
  }

  /** @throws OutOfMemoryError */
  allocate(bytes: number): Allocation {
    const size = roundUp(bytes);
    const allocation = this.fromFree(size) ?? this.fromEnd(size);
    this.used.set(allocation.address, size);
    this.usedBytes += size;
    return allocation;
  }

  release(address: number): void {
    const bytes = this.used.get(address);
    if (bytes === undefined) return;
    this.used.delete(address);
    this.usedBytes -= bytes;
    this.giveBack({ address, bytes });
  }

  /** Makes a block larger or smaller where it lies; false where what lies behind it is in use. */
  resize(address: number, bytes: number): boolean {
    const before = this.used.get(address);
    if (before === undefined) return false;
    const size = roundUp(bytes);
    if (size > before && !this.extend(address + before, size - before)) return false;
    this.used.set(address, size);
    this.usedBytes += size - before;
    if (size < before) this.giveBack({ address: address + size, bytes: before - size });
    return true;
  }

  /** Takes the `bytes` that begin at `address`, if they are free. */
  private extend(address: number, bytes: number): boolean {
    const at = this.free.findIndex((block) => block.address === address);
    const free = this.free[at]?.bytes ?? 0;
    const reachesEnd = address + free === this.end;
    if (free < bytes && !(reachesEnd && this.reserve(address + bytes + GUARD_BYTES))) return false;
    if (free < bytes) this.end = address + bytes;
    if (free > 0) {
      const rest = { address: address + bytes, bytes: free - bytes };
      this.free.splice(at, 1, ...(rest.bytes > 0 ? [rest] : []));
    }
    return true;
  }

  private fromFree(size: number): Allocation | undefined {
    let best = -1;
    this.free.forEach(({ bytes }, i) => {
      const bestBytes = this.free[best]?.bytes ?? Number.POSITIVE_INFINITY;
      if (bytes >= size && bytes < bestBytes) best = i;
    });
    const block = this.free[best];
    if (block === undefined) return undefined;
    const rest = { address: block.address + size, bytes: block.bytes - size };
    this.free.splice(best, 1, ...(rest.bytes > 0 ? [rest] : []));
    return { address: block.address, fresh: false };
  }

  private fromEnd(size: number): Allocation {
    const last = this.free.at(-1);
    const touchesEnd = last !== undefined && last.address + last.bytes === this.end;
    const address = touchesEnd ? last.address : this.end;
    if (!this.reserve(address + size + GUARD_BYTES)) {
      throw new OutOfMemoryError(
        `allocate: the cpu device's memory must hold all tensors; got a request for ${size} bytes with ` +
          `${this.usedBytes} in use. Use smaller batches, or dispose of tensors that are no longer needed.`,
      );
    }
    if (touchesEnd) this.free.pop();
    this.end = address + size;
    return { address, fresh: !touchesEnd };
  }

  /** Inserts a free block, joined with its neighbours. */
  private giveBack(block: Block): void {
    const behind = this.free.findIndex(({ address }) => address > block.address);
    const at = behind < 0 ? this.free.length : behind;
    const before = this.free[at - 1];
    const after = this.free[at];
    const joinsBefore = before !== undefined && before.address + before.bytes === block.address;
    const joinsAfter = after !== undefined && block.address + block.bytes === after.address;
    const address = joinsBefore ? before.address : block.address;
    const end = joinsAfter ? after.address + after.bytes : block.address + block.bytes;
    const first = joinsBefore ? at - 1 : at;
    const replaced = (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0);
    this.free.splice(first, replaced, { address, bytes: end - address });
  }
}
