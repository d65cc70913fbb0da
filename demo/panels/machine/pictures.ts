/** What the machine's page can ask the training for. */
import type { Opened } from "gradgpu";
import type { BenchName } from "./bench-cases.ts";
import type { Kernel } from "./step-clock.ts";

export interface Owner {
  readonly name: string;
  readonly bytes: number;
}

export interface BenchRound {
  /** The mean of its runs. */
  readonly elapsedMs: number;
  readonly times: number;
  /** What they ran on. */
  readonly device: Opened["device"];
  readonly description: string;
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
  /** One round of a case of the benchmark. */
  readonly bench: {
    readonly request: { readonly name: BenchName };
    readonly answer: BenchRound;
  };
}
