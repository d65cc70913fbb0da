import { TraceError } from "../errors.ts";
import type { GraphValue, SourceNode } from "../graph/graph.ts";
import type { Cell } from "./cell.ts";

/** What is noted while a user's function is traced. */
export interface Trace {
  /** Assignments to variables: they take effect when the compiled step has run. */
  readonly assigned: Map<Cell, GraphValue>;
  /** Stands for the random key of the run, once something random has been asked for. */
  key: Cell | undefined;
  /** Random streams given out so far. */
  streams: number;
}

let active: Trace | undefined;

export function activeTrace(): Trace | undefined {
  return active;
}

/** Runs `body` with `trace` taking notes. Tracing is synchronous, so one slot is enough. */
export function whileTracing<R>(trace: Trace, body: () => R): R {
  const outer = active;
  active = trace;
  try {
    return body();
  } finally {
    active = outer;
  }
}

/** What is noted while the cell of a scan is traced. */
export interface StepTrace {
  /** Stand for random numbers, which are drawn for all steps at once, before the loop. */
  readonly draws: SourceNode[];
}

let activeStep: StepTrace | undefined;

export function activeStepTrace(): StepTrace | undefined {
  return activeStep;
}

/** Runs `body`, a cell, with `trace` taking notes. Cells may be nested: the innermost one is active. */
export function whileTracingStep<R>(trace: StepTrace, body: () => R): R {
  const outer = activeStep;
  activeStep = trace;
  try {
    return body();
  } finally {
    activeStep = outer;
  }
}

/** @throws TraceError inside the cell of a scan, with `rule` and what to do instead */
export function checkNotInCell(rule: string, remedy: string): void {
  if (activeStep === undefined) return;
  throw new TraceError(`${rule} inside the cell of a scan; got a call there. ${remedy}`);
}
