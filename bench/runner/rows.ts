/** What a run of the suite leaves: one row for each case and engine, and the machine that they belong to. */
import type { CaseKind, Figure } from "../contract.ts";
import type { Ratio, Summary } from "./statistics.ts";

export type Runner = "node" | "chrome" | "page";

interface RowHead {
  readonly case: string;
  readonly kind: CaseKind;
  readonly engine: string;
  readonly device: "cpu" | "webgpu";
  readonly runner: Runner;
  /** Threads that ran, where the engine has threads. Told apart from a row of the same engine by them. */
  readonly threads?: number;
  /** What really ran. */
  readonly backend?: string;
  readonly adapter?: string;
  /** A software adapter did the work: not a figure about GPUs. On every webgpu row. */
  readonly isFallbackAdapter?: boolean;
  readonly growth?: { readonly curve: string; readonly at: number };
}

/** A row with times. */
export interface MeasuredRow extends RowHead, Summary, Partial<Ratio> {
  readonly outcome: "measured";
  /** Runs that one sample is the mean of. */
  readonly runsPerSample: number;
  readonly dispatches?: number;
  readonly submits?: number;
  readonly peakBytes?: number;
  /** One run by the GPU's own clock: the sum of its compute passes. Hardware adapters only. */
  readonly kernelMs?: number;
  /** 10⁹ floating-point operations a second, and GB/s, by `kernelMs` where there is one, else by the median. */
  readonly gflops?: number;
  readonly gigabytesPerSecond?: number;
  /** Of what the bare loop (limit-*) reached in the same run: the larger of arithmetic and memory. */
  readonly shareOfPeak?: number;
  readonly figures?: readonly Figure[];
  /** Whether its results were compared with ours before it was timed. */
  readonly isChecked: boolean;
}

/** A row that says why there are no times. */
export interface UnmeasuredRow extends RowHead {
  readonly outcome: "cannot" | "different" | "over" | "failed";
  /** In words, with the engine's own error: "over 60 s", "has no kernel Conv2DBackpropFilter". */
  readonly why: string;
}

/** A row of figures that are not times. */
export interface CountedRow extends RowHead {
  readonly outcome: "counted";
  readonly figures: readonly Figure[];
}

export type Row = MeasuredRow | UnmeasuredRow | CountedRow;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB?: number;
  readonly system: string;
  readonly load?: number;
}

export interface Report {
  readonly format: 1;
  readonly gradgpu: string;
  readonly commit?: string;
  readonly startedAt: string;
  readonly runner: Runner;
  readonly machine: Machine;
  /** "Chrome/143.0…", "Node 20.20". */
  readonly host: string;
  readonly engines: readonly {
    readonly engine: string;
    readonly version: string;
    readonly backend: string;
  }[];
  readonly rounds: number;
  readonly limitSeconds: number;
  /** False where Ctrl-C ended the run or a case could not be finished. */
  readonly isComplete: boolean;
  readonly rows: readonly Row[];
}

/** What a row is compared by between two runs. */
export function keyOf(row: Row): string {
  const threads = row.threads === undefined ? "" : ` ${row.threads}t`;
  const adapter = row.isFallbackAdapter === true ? " software" : "";
  return `${row.case} ${row.engine}${threads}${adapter} ${row.runner}`;
}
