import { type DeviceLostError, GradgpuError, KernelError } from "../../errors.ts";
import type { BufferPool } from "./buffers.ts";
import { failureOf, openScopes } from "./failures.ts";
import { type BufferRange, Readback } from "./readback.ts";

type MaybeFailure = Promise<GradgpuError | undefined> | undefined;

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
  /** A failure that no promise has told of yet. */
  #failure: GradgpuError | undefined;
  /** Every submission is checked by scopes: after the first failure, or where the options say so. */
  #isScoped: boolean;

  constructor(
    device: GPUDevice,
    pool: BufferPool,
    lost: Promise<DeviceLostError>,
    options: { readonly isOwned: boolean; readonly isDebug: boolean },
  ) {
    this.#device = device;
    this.#pool = pool;
    this.#lost = lost;
    this.#readback = new Readback(device);
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

  /** Keeps a failure for the next promise. */
  noteFailure(error: unknown): void {
    this.#failure ??= error instanceof GradgpuError ? error : new KernelError(`webgpu: ${error}`);
  }

  tellFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** An encoder whose first commands clear the memory that was allocated since the last one. */
  encoder(): GPUCommandEncoder {
    const encoder = this.#device.createCommandEncoder();
    this.#pool.encodeClears(encoder);
    return encoder;
  }

  /** Submits; gives the failure where submissions are scoped. */
  submit(encoder: GPUCommandEncoder): MaybeFailure {
    if (!this.#isScoped) {
      this.#device.queue.submit([encoder.finish()]);
      return undefined;
    }
    const scopes = openScopes(this.#device);
    this.#device.queue.submit([encoder.finish()]);
    return scopes.pop();
  }

  /** Submits what no promise was given out for. */
  submitUnasked(encoder: GPUCommandEncoder): void {
    void this.submit(encoder)?.then((failure) => {
      if (failure !== undefined) this.noteFailure(failure);
    });
  }

  /** Submits with copies of `ranges` behind everything in `encoder`. */
  async submitAndRead(
    encoder: GPUCommandEncoder,
    ranges: readonly BufferRange[],
  ): Promise<ArrayBuffer[]> {
    const ticket = this.#readback.encode(encoder, ranges);
    const submitted = this.submit(encoder);
    const mapped = this.#readback.settle(ticket);
    // Observed below; where the submission failed first, nobody waits for it.
    mapped.catch(() => {});
    const failure = await submitted;
    if (failure !== undefined) throw failure;
    const values = await mapped.catch((error: unknown) => this.#explain(error));
    this.tellFailure();
    return values;
  }

  close(): void {
    if (this.#listener !== undefined) {
      this.#device.removeEventListener("uncapturederror", this.#listener);
    }
    this.#readback.close();
  }

  /** Why a mapping was aborted. It is, a moment before the device says that it is lost: waits for that moment. */
  async #explain(error: unknown): Promise<never> {
    const wait = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
    const lost = await Promise.race([this.#lost, wait]);
    if (lost !== undefined) throw lost;
    this.tellFailure();
    throw new KernelError(`webgpu: results must be mapped; got ${error}. Please report this.`);
  }
}
