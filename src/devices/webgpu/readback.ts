import { BUFFER_USAGE, MAP_MODE_READ } from "./flags.ts";

/** Bytes of a buffer to read back. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly byteOffset: number;
  readonly bytes: number;
}

/** A part of one of several ranges that is read by itself. */
export interface Piece extends BufferRange {
  /** Which of the ranges, and where in it, in bytes. */
  readonly range: number;
  readonly at: number;
}

/** Ranges cut into pieces of at most `pieceBytes`, in order. */
export function piecesOf(ranges: readonly BufferRange[], pieceBytes: number): Piece[] {
  return ranges.flatMap(({ buffer, byteOffset, bytes }, range) =>
    Array.from({ length: Math.ceil(bytes / pieceBytes) }, (_, i): Piece => {
      const at = i * pieceBytes;
      const own = Math.min(pieceBytes, bytes - at);
      return { buffer, byteOffset: byteOffset + at, bytes: own, range, at };
    }),
  );
}

/** Copies that were encoded and wait for their submission. */
export interface Ticket {
  readonly staging: GPUBuffer | undefined;
  readonly places: readonly { readonly at: number; readonly bytes: number }[];
}

/** Enough for runs that are still under way; more are made while all are in use, but not kept. */
const MAX_KEPT = 6;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** Staging memory beside what is read; an adapter need not map more at once. */
const PIECE_BYTES = 64 * 1024 * 1024;

/**
 * Reads buffers back through a ring of staging buffers: the copies are part of the run's own submission and the
 * mapping is asked for right behind it, so that results of many runs can be under way at once.
 */
export class Readback {
  readonly #device: GPUDevice;
  /** What is larger is to be read and written in pieces of so many bytes; a power of two. */
  readonly pieceBytes: number;
  readonly #free: GPUBuffer[] = [];

  constructor(device: GPUDevice, pieceBytes = PIECE_BYTES) {
    this.#device = device;
    this.pieceBytes = 2 ** Math.floor(Math.log2(Math.min(pieceBytes, device.limits.maxBufferSize)));
  }

  /** Adds the copies of `ranges` to `encoder`, outside a pass. */
  encode(encoder: GPUCommandEncoder, ranges: readonly BufferRange[]): Ticket {
    let size = 0;
    const places = ranges.map(({ bytes }) => {
      const at = size;
      size += Math.ceil(bytes / 8) * 8;
      return { at, bytes };
    });
    if (size === 0) return { staging: undefined, places };
    const staging = this.#take(size);
    ranges.forEach(({ buffer, byteOffset, bytes }, i) => {
      const at = places[i]?.at ?? 0;
      if (bytes > 0) encoder.copyBufferToBuffer(buffer, byteOffset, staging, at, bytes);
    });
    return { staging, places };
  }

  /** The bytes of each range; called right after the submission. */
  async settle({ staging, places }: Ticket = { staging: undefined, places: [] }) {
    if (staging === undefined) return places.map(() => new ArrayBuffer(0));
    try {
      await staging.mapAsync(MAP_MODE_READ);
      const mapped = staging.getMappedRange();
      const values = places.map(({ at, bytes }) => mapped.slice(at, at + bytes));
      staging.unmap();
      this.#keep(staging);
      return values;
    } catch (error) {
      staging.destroy();
      throw error;
    }
  }

  close(): void {
    for (const buffer of this.#free) buffer.destroy();
    this.#free.length = 0;
  }

  #take(size: number): GPUBuffer {
    const index = this.#free.findIndex(
      (buffer) => buffer.size >= size && buffer.size <= 4 * size + 4096,
    );
    if (index >= 0) return this.#free.splice(index, 1)[0] ?? this.#create(size);
    return this.#create(size);
  }

  #keep(buffer: GPUBuffer): void {
    this.#free.push(buffer);
    let bytes = this.#free.reduce((sum, { size }) => sum + size, 0);
    while (this.#free.length > MAX_KEPT || bytes > MAX_KEPT_BYTES) {
      const oldest = this.#free.shift();
      bytes -= oldest?.size ?? 0;
      oldest?.destroy();
    }
  }

  #create(size: number): GPUBuffer {
    return this.#device.createBuffer({
      label: `gradgpu staging (${size} bytes)`,
      size: Math.max(256, 2 ** Math.ceil(Math.log2(size))),
      usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST,
    });
  }
}
