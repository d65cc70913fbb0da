import type { DeviceLostError } from "../errors.ts";
import type { DeviceTraits } from "../scheduler/lowering.ts";
import type { Plan } from "../scheduler/plan.ts";
import type { HostArray } from "../tensor/dtype.ts";

/** Memory on a device. Opaque to everything above; only the device that allocated it can use it. */
export interface Storage {
  readonly bytes: number;
}

/** A plan made ready to run: pipelines compiled, temporaries allocated, commands encoded. */
export interface Program {
  readonly plan: Plan;
}

/** A range of bytes to read back together with a run. */
export interface ReadRequest {
  readonly storage: Storage;
  readonly byteOffset: number;
  readonly bytes: number;
}

/**
 * What every device does. Calls take effect in the order in which they are made; only those that return
 * promises wait. After the device is lost every call throws, and every promise rejects with, a DeviceLostError.
 */
export interface Device {
  readonly name: "webgpu" | "cpu" | "reference";
  /** For people: "SwiftShader Device (LLVM 16), software" or "WebAssembly SIMD, 2 threads". */
  readonly description: string;
  readonly traits: DeviceTraits;
  /** Settles once, when the device is lost; never rejects. */
  readonly lost: Promise<DeviceLostError>;

  /** Zero-filled memory. @throws OutOfMemoryError */
  allocate(bytes: number): Storage;
  /** Gives memory back; calls that were made before still see it. */
  release(storage: Storage): void;
  /** Copies `data` at once: the caller may change it afterwards. */
  write(storage: Storage, byteOffset: number, data: HostArray): void;
  /** Copies between two different storages. */
  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void;
  read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer>;

  /** @throws KernelError, OutOfMemoryError */
  load(plan: Plan): Promise<Program>;
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
  /** Settles when everything asked for so far is done. */
  synchronise(): Promise<void>;
  /** Bytes that are allocated now, temporaries of loaded programs included, and how many buffers. */
  memory(): { readonly bytes: number; readonly buffers: number };
  close(): Promise<void>;
}
