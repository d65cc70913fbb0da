/**
 * What the device and its workers say to each other. The first worker, the conductor, takes every command in
 * order; the others only ever hear `start`.
 */
/** Below lies the kernel module's own data, and that of emitted ones; above the threads' scratch, then the tensors. */
export const FIRST_ADDRESS = 65536;
/** Where the data of emitted modules lies, which is the same for all: the constants of ./emit/gates.ts. */
export const CONSTANTS_ADDRESS = FIRST_ADDRESS - 256;
/** What the threads tell each other by, as in wasm/threads.ts. */
export const CONTROL_ADDRESS = CONSTANTS_ADDRESS - 6 * 64;
export const PAGE_BYTES = 65536;
/** As in wasm/threads.ts. */
export const THREAD_SCRATCH_BYTES = 1 << 20;

/** In place of an opcode: the commands that follow, [count, is reverse, commands…], are a loop's body. */
export const LOOP = 0xffff;

/** In front of a module's bytes: the words of the command that adopts it. */
export const ADOPT_BYTES = 64;

/** Where the tensors begin: behind the scratch areas of all threads, which follow the module's own data. */
export function firstTensorAddress(threads: number): number {
  return FIRST_ADDRESS + threads * THREAD_SCRATCH_BYTES;
}

export interface Start {
  readonly kind: "start";
  readonly module: WebAssembly.Module;
  /** Shared by all workers; without it the only worker makes its own of `pages` pages. */
  readonly memory: WebAssembly.Memory | undefined;
  readonly pages: number;
  readonly maximumPages: number;
  readonly thread: number;
  readonly threads: number;
  /** What the worker is to hold while it lives; see liveness.ts. */
  readonly lock: string | undefined;
}

export interface ReadBytes {
  readonly id: number;
  readonly address: number;
  readonly bytes: number;
}

/** A plan as the workers walk it. */
export interface ProgramImage {
  readonly words: Uint32Array<ArrayBuffer>;
  /**
   * Triples: index of a word, place, byte offset. The word becomes the place's address + offset. Places are the
   * bindings of a run, then the slots of temporaries.
   */
  readonly patches: Int32Array;
  /** How many of the places are bindings. */
  readonly bindings: number;
  /** One where there is too little work to be worth waking the others. */
  readonly threads: number;
}

/** A module of emitted functions for every worker. */
export interface AdoptModule {
  readonly kind: "adopt";
  /** Of `ADOPT_BYTES`, and room for the module behind them. */
  readonly address: number;
  readonly module: Uint8Array<ArrayBuffer>;
  readonly functions: number;
}

/** Emitted functions that no program calls any longer. */
export interface ForgetFunctions {
  readonly kind: "forget";
  /** Of room for the words of the command. */
  readonly address: number;
  readonly slots: readonly number[];
}

export type Command =
  | { readonly kind: "grow"; readonly pages: number }
  | {
      readonly kind: "fill";
      readonly address: number;
      readonly bytes: number;
      /** Of every eight bytes: a shared memory takes single ones eight times as long. */
      readonly value: bigint;
    }
  | { readonly kind: "write"; readonly address: number; readonly data: ArrayBuffer }
  | { readonly kind: "copy"; readonly from: number; readonly to: number; readonly bytes: number }
  | { readonly kind: "read"; readonly read: ReadBytes }
  | {
      readonly kind: "load";
      readonly program: number;
      readonly address: number;
      readonly image: ProgramImage;
    }
  | { readonly kind: "unload"; readonly program: number }
  | AdoptModule
  | ForgetFunctions
  /** Where a program's slots lie from now on. */
  | { readonly kind: "place"; readonly program: number; readonly slots: readonly number[] }
  | {
      readonly kind: "run";
      readonly program: number;
      /** Addresses of the bindings. */
      readonly bindings: readonly number[];
      readonly reads: readonly ReadBytes[];
    }
  /** A run whose result is the time of each call, f64. */
  | {
      readonly kind: "profile";
      readonly program: number;
      readonly bindings: readonly number[];
      readonly id: number;
    }
  | { readonly kind: "synchronise"; readonly id: number };

export type ToWorker = Start | { readonly kind: "commands"; readonly commands: readonly Command[] };

export type FromWorker =
  /** `stamp` tells which sources the worker was made from. */
  | { readonly kind: "ready"; readonly stamp: string; readonly isLocked: boolean }
  | {
      readonly kind: "results";
      /** Without data where the worker has no room for a copy of them. */
      readonly results: readonly { readonly id: number; readonly data?: ArrayBuffer }[];
    }
  | { readonly kind: "fault"; readonly message: string };
