/** What the machine's page can ask the training for. */
import type { Kernel } from "./step-clock.ts";

export interface Owner {
  readonly name: string;
  readonly bytes: number;
}

export interface BenchRound {
  /** What was done, in multiples of the case's unit, by the time that one run took. */
  readonly value: number;
  readonly elapsedMs: number;
}

export interface MachinePictures {
  /** The step that was clocked last, kernel by kernel; undefined before the first. */
  readonly timeline: {
    readonly request: undefined;
    readonly answer:
      | {
          readonly step: number;
          readonly clock: "gpu" | "worker" | "host";
          readonly elapsedMs: number;
          readonly kernels: readonly Kernel[];
        }
      | undefined;
  };
  /** What holds the device's memory; `free` is what lies beyond. */
  readonly memory: {
    readonly request: undefined;
    readonly answer: { readonly owners: readonly Owner[]; readonly bytes: number };
  };
  /** One round of a case of the benchmark; its first is not to be counted. */
  readonly bench: {
    readonly request: { readonly name: string };
    readonly answer: BenchRound;
  };
}
