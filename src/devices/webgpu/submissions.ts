import { type DeviceLostError, GradgpuError, KernelError } from "../../errors.ts";
import { BYTES_PER_ELEMENT, type HostArray } from "../../tensor/dtype.ts";
import { hostBuffer } from "../shared/host-buffer.ts";
import type { BufferPool } from "./buffers.ts";
import { failureOf, openScopes } from "./failures.ts";
import { type BufferRange, type Piece, piecesOf, Readback, type Ticket } from "./readback.ts";

type MaybeFailure = Promise<GradgpuError | undefined> | undefined;
type Recorder = (encoder: GPUCommandEncoder) => void;

/**
 * What goes to the GPU's queue and what comes back. Errors arrive late in WebGPU: those of a submission that a promise
 * was given out for are told by that promise, others by the next one.
 */
export class Submissions {
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #lost: Promise<DeviceLostError>;
  readonly #readback: Readback;
  readonly #listener: ((event: GPUUncapturedErrorEvent) => void) | undefined;
  readonly #told = new WeakSet<GradgpuError>();
  /** A failure that no promise has told of yet. */
  #failure: GradgpuError | undefined;
  /** Every submission is checked by scopes: after the first failure, or where the options say so. */
  #isScoped: boolean;

  constructor(
    device: GPUDevice,
    pool: BufferPool,
    lost: Promise<DeviceLostError>,
    options: {
      readonly isOwned: boolean;
      readonly isDebug: boolean;
      readonly pieceBytes?: number;
    },
  ) {
    this.#device = device;
    this.#pool = pool;
    this.#lost = lost;
    this.#readback = new Readback(device, options.pieceBytes);
    // A caller's device reports the caller's own mistakes as well: there only scopes tell what is ours.
    this.#isScoped = options.isDebug || !options.isOwned;
    if (!options.isOwned) return;
    this.#listener = (event) => {
      // Told as a typed error: the console need not say it, too.
      event.preventDefault();
      this.#isScoped = true;
      this.noteFailure(failureOf(event.error));
    };
    device.addEventListener("uncapturederror", this.#listener);
  }

  /** Keeps a failure for the next promise, if none has told of it. */
  noteFailure(error: unknown): void {
    const failure = error instanceof GradgpuError ? error : new KernelError(`webgpu: ${error}`);
    if (!this.#told.has(failure)) this.#failure ??= failure;
  }

  tellFailure(): void {
    if (this.#failure !== undefined) throw this.told(this.#failure);
  }

  /** A failure that the caller tells of: no other promise need. */
  told(failure: GradgpuError): GradgpuError {
    this.#told.add(failure);
    if (this.#failure === failure) this.#failure = undefined;
    return failure;
  }

  /** Submits what `record` encodes, behind clearing what was allocated; gives the failure where that is watched. */
  submit(record: Recorder): MaybeFailure {
    return this.#watched(() => {
      const encoder = this.#device.createCommandEncoder();
      this.#pool.encodeClears(encoder);
      record(encoder);
      this.#device.queue.submit([encoder.finish()]);
    });
  }

  /** Submits what no promise was given out for. */
  submitUnasked(record: Recorder): void {
    this.#unasked(this.submit(record));
  }

  /** Writes in pieces, at once. */
  write(buffer: GPUBuffer, byteOffset: number, data: HostArray): void {
    const most = this.#readback.pieceBytes / BYTES_PER_ELEMENT;
    const write = () => {
      for (let from = 0; from < data.length; from += most) {
        // The library's host arrays are never over a SharedArrayBuffer that the queue would refuse.
        const piece = data.subarray(from, from + most) as GPUAllowSharedBufferSource;
        const at = byteOffset + from * BYTES_PER_ELEMENT;
        this.#device.queue.writeBuffer(buffer, at, piece);
      }
    };
    this.#unasked(this.#watched(write));
  }

  /** Submits with copies of `ranges` behind everything that `record` encodes. */
  async submitAndRead(record: Recorder, ranges: readonly BufferRange[]): Promise<ArrayBuffer[]> {
    let ticket: Ticket | undefined;
    const submitted = this.submit((encoder) => {
      record(encoder);
      ticket = this.#readback.encode(encoder, ranges);
    });
    const mapped = this.#readback.settle(ticket);
    // Observed below; where the submission failed first, nobody waits for it.
    mapped.catch(() => {});
    const failure = await submitted;
    if (failure !== undefined) throw this.told(failure);
    const values = await mapped.catch((error: unknown) => this.#explain(error));
    this.tellFailure();
    return values;
  }

  /** Whether `read` takes more than one submission: later calls must wait for it then. */
  needsPieces(ranges: readonly { readonly bytes: number }[]): boolean {
    return ranges.reduce((sum, { bytes }) => sum + bytes, 0) > this.#readback.pieceBytes;
  }

  /** The bytes of `ranges`, however many. @throws OutOfMemoryError where the host has no room for them */
  async read(ranges: readonly BufferRange[]): Promise<ArrayBuffer[]> {
    if (!this.needsPieces(ranges)) return this.submitAndRead(() => {}, ranges);
    const values = ranges.map(({ bytes }) => hostBuffer("read", bytes));
    // Two are under way at a time: one is copied on the host while the next one comes.
    let before: Promise<void> = Promise.resolve();
    for (const piece of piecesOf(ranges, this.#readback.pieceBytes)) {
      const arriving = this.#readPiece(piece, values[piece.range]);
      arriving.catch(() => {});
      await before;
      before = arriving;
    }
    await before;
    return values;
  }

  async #readPiece(piece: Piece, into: ArrayBuffer | undefined): Promise<void> {
    const [bytes] = await this.submitAndRead(() => {}, [piece]);
    if (into !== undefined && bytes !== undefined)
      new Uint8Array(into).set(new Uint8Array(bytes), piece.at);
  }

  /** Does `task` within scopes where it has to be watched. */
  #watched(task: () => void): MaybeFailure {
    const { unconfirmed } = this.#pool;
    if (!this.#isScoped && unconfirmed.length === 0) {
      task();
      return undefined;
    }
    const scopes = openScopes(this.#device);
    let failure: MaybeFailure;
    try {
      task();
    } finally {
      // What there was no memory for makes all commands with it invalid.
      failure = scopes
        .pop()
        .then((found) => found && (this.#pool.failureAmong(unconfirmed) ?? found));
    }
    return failure;
  }

  #unasked(failure: MaybeFailure): void {
    void failure?.then((found) => {
      if (found !== undefined) this.noteFailure(found);
    });
  }

  close(): void {
    if (this.#listener !== undefined) {
      this.#device.removeEventListener("uncapturederror", this.#listener);
    }
    this.#readback.close();
  }

  /** Why a mapping was aborted. It is, a moment before the device says that it is lost: waits for that moment. */
  async #explain(error: unknown): Promise<never> {
    this.tellFailure();
    const wait = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
    const lost = await Promise.race([this.#lost, wait]);
    if (lost !== undefined) throw lost;
    this.tellFailure();
    throw new KernelError(`webgpu: results must be mapped; got ${error}. Please report this.`);
  }
}
