import type { GraphValue } from "../graph/graph.ts";
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
