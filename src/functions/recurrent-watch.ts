/** Who wants to know of the recurrent layers that are walked: `gradientFlow`. */
import type { GraphValue } from "../graph/graph.ts";
import type { CellBody } from "../ops/cells/body.ts";

/** A sequence that a layer has walked, or a part of one, with what tells its gradient from others. */
export interface Walk {
  readonly name: string;
  readonly cell: CellBody;
  readonly reverse: boolean;
  /** The tapes of the states, [T + 1, B, U]: its gradient op reads them. */
  readonly states: readonly GraphValue[];
  /** [T, B, U, entries], where the cell has a tape. */
  readonly tape: GraphValue | undefined;
  readonly lengths: GraphValue | undefined;
}

interface Watch {
  readonly look: (walk: Walk) => void;
  readonly sequences: Walk[][];
  isInParts: boolean;
}

// Graphs are built synchronously, so one slot is enough: see whileTracing in the runtime.
let active: Watch | undefined;

export function isWatched(): boolean {
  return active !== undefined;
}

export function noteWalk(walk: Walk): void {
  if (active === undefined) return;
  active.look(walk);
  const sequence = active.isInParts ? active.sequences.at(-1) : undefined;
  if (sequence === undefined) active.sequences.push([walk]);
  else sequence.push(walk);
}

/** What `body` walks is one sequence, part after part. */
export function asOneSequence<R>(body: () => R): R {
  if (active === undefined) return body();
  const watch = active;
  watch.sequences.push([]);
  watch.isInParts = true;
  try {
    return body();
  } finally {
    watch.isInParts = false;
  }
}

/**
 * What `body` returns, and the sequences that recurrent layers walked in it, in order, each with its parts in the order
 * of the walk. `look` is called with every part as soon as it is walked.
 */
export function whileWatching<R>(
  body: () => R,
  look: (walk: Walk) => void,
): { readonly result: R; readonly sequences: readonly (readonly Walk[])[] } {
  const outer = active;
  const watch: Watch = { look, sequences: [], isInParts: false };
  active = watch;
  try {
    return { result: body(), sequences: watch.sequences };
  } finally {
    active = outer;
  }
}
