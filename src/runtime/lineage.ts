/**
 * A runtime and those that take over from it. A device that was lost is opened again as it was opened first: a new
 * runtime then stands in the place of the one before, with the seed and the streams of random numbers of that. A GPU that
 * cannot be had, or is lost again before anything has come of it, is replaced by the cpu; it is asked for again later, at
 * growing intervals, since browsers refuse adapters for minutes after crashes.
 */
import type { Device } from "../devices/device.ts";
import { DisposedError } from "../errors.ts";
import { succeedRuntime } from "./current.ts";
import type { Runtime } from "./runtime.ts";
import type { Snapshot } from "./snapshot.ts";

/** How devices for a runtime are opened. */
export interface Openers {
  /** As the first one was; undefined where that was handed in, so that only its owner can open another one. */
  readonly own: (() => Promise<Device>) | undefined;
  readonly cpu: () => Promise<Device>;
  /** Told once it is closed: nobody is given it any more. */
  readonly closed?: () => void;
  /** A runtime of that lineage on `device`. */
  runtime(device: Device, lineage: Lineage): Runtime;
}

/** A device is waited for so long: a busy machine takes a while to start workers. */
const OPENING_MS = 60_000;
/** After so many losses in a row, of which nothing has come, the cpu takes over from a GPU, */
const GPU_LOSSES = 2;
/** and after so many no device is opened any more. */
const MOST_LOSSES = 4;
/** Chrome refuses adapters for two minutes after two crashes. */
const FIRST_PROBE_MS = 120_000;
const LAST_PROBE_MS = 1_800_000;

export class Lineage {
  #latest: Runtime;
  /** What `runtime.snapshot` has kept. */
  snapshot: Snapshot | undefined;
  readonly #openers: Openers | undefined;
  /** On the cpu, while the GPU is there again. */
  #parked: Runtime | undefined;
  #opening: Promise<Runtime> | undefined;
  #losses = 0;
  /** Where the cpu stands in for a GPU: when that is asked for again. */
  #probe: { readonly atMs: number; readonly afterMs: number } | undefined;
  #isClosed = false;

  constructor(first: Runtime, openers: Openers | undefined) {
    this.#latest = first;
    this.#openers = openers;
  }

  /** The one that stands for all of them now. */
  get latest(): Runtime {
    return this.#latest;
  }

  /** Whether there is a way to open another device. */
  get canRecover(): boolean {
    return this.#openers !== undefined && !this.#isClosed;
  }

  /** The latest, or the one that is being opened. */
  get coming(): Promise<Runtime> | Runtime {
    return this.#opening ?? this.#latest;
  }

  /** Something has come of the device that is open: it may be lost again. */
  noteProgress(): void {
    this.#losses = 0;
  }

  /**
   * The runtime that has taken over from the one that was lost; the latest where none is.
   * @throws DeviceLostError where no device can be opened, DisposedError after `close`
   */
  recover(): Promise<Runtime> {
    if (this.#opening === undefined && !this.#latest.isDead) return Promise.resolve(this.#latest);
    this.#opening ??= this.#takeOver().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #takeOver(): Promise<Runtime> {
    const openers = this.#openers;
    const { loss, device } = this.#latest;
    this.#checkOpen();
    if (openers === undefined || ++this.#losses >= MOST_LOSSES) throw loss;
    const isGpu = device.name !== "cpu";
    const takesOwn = isGpu ? this.#losses < GPU_LOSSES : this.#probe === undefined;
    const own = takesOwn ? await this.#open(openers.own) : undefined;
    if (own === undefined && isGpu && openers.own !== undefined) this.#probeAfter(FIRST_PROBE_MS);
    const parked = this.#parked?.isDead === false ? this.#parked : undefined;
    const standIn = own ?? parked ?? (await this.#open(openers.cpu));
    if (standIn === undefined) throw loss;
    this.#parked = undefined;
    this.#enter(standIn);
    this.snapshot?.restore();
    return standIn;
  }

  /** Nothing where there is no such device in time. @throws DisposedError where the runtime was closed meanwhile */
  async #open(opener: (() => Promise<Device>) | undefined): Promise<Runtime | undefined> {
    if (opener === undefined || this.#openers === undefined) return undefined;
    const device = await inTime(opener());
    if (this.#isClosed) await device?.close();
    this.#checkOpen();
    return device && this.#openers.runtime(device, this);
  }

  #enter(next: Runtime): void {
    const before = this.#latest;
    next.continueFrom(before);
    succeedRuntime(before, next);
    this.#latest = next;
  }

  #probeAfter(afterMs: number): void {
    this.#probe = { atMs: performance.now() + afterMs, afterMs: Math.min(afterMs, LAST_PROBE_MS) };
  }

  /** Whether it is time to ask for the GPU again that the cpu stands in for. */
  get isProbeDue(): boolean {
    return this.#probe !== undefined && performance.now() >= this.#probe.atMs;
  }

  /**
   * A runtime on the GPU that the cpu stands in for, or nothing where there is none yet. What lies on the cpu can be moved
   * there; what is made from now on is made there once it is entered by `advance`.
   */
  async probe(): Promise<Runtime | undefined> {
    if (this.#probe === undefined) return undefined;
    this.#probeAfter(2 * this.#probe.afterMs);
    const found = await this.#open(this.#openers?.own);
    if (found?.device.name !== "cpu" && !this.#latest.isDead) return found;
    await found?.device.close();
    return undefined;
  }

  /** `next`, which `probe` found, takes over; the cpu is kept for another time. */
  advance(next: Runtime): void {
    this.#probe = undefined;
    this.#parked = this.#latest;
    this.#enter(next);
  }

  /** Closes whatever stands for the lineage, now or as soon as it is open. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.snapshot = undefined;
    this.#openers?.closed?.();
    const close = async () => {
      await Promise.all([this.#latest.closeDevice(), this.#parked?.closeDevice()]);
    };
    return this.#opening === undefined ? close() : this.#opening.then(close, close);
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new DisposedError("runtime: the device has been closed. Call init() to open one.");
  }
}

/** A device that comes too late is given back. */
async function inTime(opening: Promise<Device>): Promise<Device | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), OPENING_MS);
  });
  try {
    const device = await Promise.race([opening, late]);
    if (device === undefined) opening.then((late) => late.close()).catch(() => undefined);
    return device;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
