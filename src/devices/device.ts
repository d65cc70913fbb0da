import type { DeviceLostError } from "../errors.ts";
import type { DeviceTraits } from "../scheduler/lowering.ts";
import type { Plan } from "../scheduler/plan.ts";
import type { HostArray } from "../tensor/dtype.ts";

/** Memory on a device. Opaque to everything above; only the device that allocated it can use it. */
export interface Storage {
  readonly bytes: number;
}

/** A plan made ready to run: pipelines compiled, room for its temporaries, commands encoded. */
export interface Program {
  readonly plan: Plan;
}

/** A range of bytes to read back together with a run. */
export interface ReadRequest {
  readonly storage: Storage;
  readonly byteOffset: number;
  readonly bytes: number;
}

/** What a device holds, in bytes. */
export interface DeviceMemory {
  /** Allocated now, what loaded programs need and share included. */
  readonly bytes: number;
  /** How many storages and levels of shared temporaries. */
  readonly buffers: number;
  /** Of `bytes`: temporaries, which all programs share. */
  readonly temporaryBytes: number;
  /** Of `bytes`: what programs are made of, commands or parameters of their kernels. */
  readonly programBytes: number;
  /** Beyond `bytes`: held by the device for what is allocated next, and lost by rounding. */
  readonly freeBytes: number;
}

/** Rows of a picture begin at multiples of so many words: WebGPU copies no others out of a texture. */
export const PICTURE_ROW_WORDS = 64;

/**
 * What every device does. Calls take effect in the order in which they are made; only those that return promises
 * wait. An error leaves everything as it was, and the next call is right.
 *
 * - What was given back is a DisposedError at the call, and what is another device's, or a range that does not lie within
 *   its storage in whole elements, an InternalError; nothing is done then.
 * - After the device was lost every call throws a DeviceLostError, after `close` that or a DisposedError, and every
 *   promise that was not settled rejects with it. `release`, `unload`, `memory` and `close` do nothing then.
 */
export interface Device {
  readonly name: "webgpu" | "cpu" | "reference";
  /** For people: "SwiftShader driver 5.0.0, software" or "WebAssembly SIMD, 2 threads". */
  readonly description: string;
  readonly traits: DeviceTraits;
  /** Settles once, when the device is lost or closed; never rejects. */
  readonly lost: Promise<DeviceLostError>;

  /**
   * Memory that is full of zeros, or of anything where `isZeroed` is false: for what is written as a whole before it is
   * read. A GPU may say later that it has none: the next promise then tells.
   * @throws OutOfMemoryError
   */
  allocate(bytes: number, isZeroed?: boolean): Storage;
  /**
   * Gives memory back; calls that were made before still see it. A second time does nothing, or is an InternalError in
   * a debug build.
   */
  release(storage: Storage): void;
  /** Copies `data` at once: the caller may change it afterwards. @throws OutOfMemoryError where the host has no room */
  write(storage: Storage, byteOffset: number, data: HostArray): void;
  /**
   * The pixels of a browser's own picture (an ImageBitmap, a canvas, a VideoFrame, an image, a video) as they are at the
   * call: a word for each, red in its lowest byte, green, blue and opacity; a row every ⌈width / PICTURE_ROW_WORDS⌉ ·
   * PICTURE_ROW_WORDS words. Missing where pictures come from the host alone.
   * @throws what the browser throws where it cannot do that: nothing is written then
   */
  writePicture?(storage: Storage, picture: object, width: number, height: number): void;
  /** Copies between two different storages. */
  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void;
  /** Any number of bytes, in one array. @throws OutOfMemoryError where the host has no room */
  read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer>;

  /**
   * Programs run one after the other and share their temporaries: loading adds what this one needs beyond what the
   * others have (`growth`). @throws KernelError, OutOfMemoryError
   */
  load(plan: Plan): Promise<Program>;
  /** Bytes that loading `plan` would add to `memory()`. */
  growth(plan: Plan): number;
  /** Gives back what only this program needed, after the runs before. A second time is as for `release`. */
  unload(program: Program): void;
  /**
   * Runs all steps with `bindings` in the order of `plan.bindings`. Each entry of `reads` is copied as part of the
   * same submission; its promise settles when the run has ended.
   */
  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[];
  /**
   * Runs as `run` does, call by call: milliseconds of each call of the plan (`callsOf`), those of loops added up over their
   * steps. Their sum is more than a run takes by what it costs to look in between.
   */
  profile(program: Program, bindings: readonly Storage[]): Promise<Float64Array>;
  /** What `profile` tells the time by. */
  readonly clock: "gpu" | "worker" | "host";
  /** Settles when everything asked for so far is done. */
  synchronise(): Promise<void>;
  memory(): DeviceMemory;
  /** Gives everything back at once; whoever needs what is under way waits for it first. */
  close(): Promise<void>;
}
