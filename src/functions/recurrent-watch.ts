/** Who wants to know of the recurrent layers that are walked: `gradientFlow`. */
import type { GraphValue } from "../graph/graph.ts";

/** A layer that was walked, with what tells its gradient from others. */
export interface Walk {
  readonly name: string;
  readonly cell: "rnn" | "gru" | "lstm";
  readonly reverse: boolean;
  /** The tape that the gradient op reads: cells of an lstm, states of the others. */
  readonly tape: GraphValue;
  /** [T, B, U, 4], where the cell has gates. */
  readonly gates: GraphValue | undefined;
  readonly lengths: GraphValue | undefined;
}

// Graphs are built synchronously, so one slot is enough: see whileTracing in the runtime.
let watched: Walk[] | undefined;

export function isWatched(): boolean {
  return watched !== undefined;
}

export function noteWalk(walk: Walk): void {
  watched?.push(walk);
}

/** What `body` returns, and the recurrent layers that it walked, in order. */
export function whileWatching<R>(body: () => R): {
  readonly result: R;
  readonly walks: readonly Walk[];
} {
  const outer = watched;
  const own: Walk[] = [];
  watched = own;
  try {
    return { result: body(), walks: own };
  } finally {
    watched = outer;
  }
}
