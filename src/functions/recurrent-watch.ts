/** Who wants to know of the sequences that are walked: `gradientFlow` and `recurrentSteps`, perhaps one around the other. */
import type { GraphValue } from "../graph/graph.ts";
import type { CellBody } from "../ops/cells/body.ts";
import { activeStepTrace } from "../runtime/active-trace.ts";
import type { Tensor } from "../runtime/tensor.ts";

/** A sequence that a layer has walked, or a part of one, with what tells its gradient from others. */
export interface Walk {
  readonly kind: "walk";
  readonly name: string;
  readonly cell: CellBody;
  readonly reverse: boolean;
  /** The tapes of the states, [T + 1, B, U]: its gradient op reads them. */
  readonly states: readonly GraphValue[];
  /** [T, B, U, entries], where the cell has a tape. */
  readonly tape: GraphValue | undefined;
  readonly lengths: GraphValue | undefined;
}

/** A loop of a user's own step: a `scan`. */
export interface WatchedLoop {
  readonly kind: "loop";
  readonly name: string;
  readonly reverse: boolean;
  /** What it carries behind every step, [T, …], by name. */
  readonly states: ReadonlyMap<string, Tensor>;
  /** Zeros that each step has added to that, [T, …]: ∂loss/∂zeros_t is ∂loss/∂state_t. */
  readonly zeros: ReadonlyMap<string, Tensor>;
}

/** The parts of a layer's sequence, in the order of the walk; or a loop. */
export type Sequence = readonly Walk[] | WatchedLoop;

interface Watch {
  readonly outer: Watch | undefined;
  readonly wantsFlow: boolean;
  readonly look: ((walk: Walk) => void) | undefined;
  readonly sequences: (Walk[] | WatchedLoop)[];
  /** The sequence that is walked in parts. */
  parts: Walk[] | undefined;
}

// Graphs are built synchronously, so one slot is enough: see whileTracing in the runtime.
let active: Watch | undefined;

/** Those who look, the innermost first. What a scan's own step walks has no values outside of it: nobody looks there. */
function* watches(): Generator<Watch> {
  if (activeStepTrace() !== undefined) return;
  for (let watch = active; watch !== undefined; watch = watch.outer) yield watch;
}

export function isWatched(): boolean {
  return !watches().next().done;
}

/** Whether somebody wants ∂loss/∂state_t written down. */
export function isFlowWanted(): boolean {
  for (const { wantsFlow } of watches()) if (wantsFlow) return true;
  return false;
}

export function noteWalk(walk: Walk): void {
  for (const watch of watches()) {
    watch.look?.(walk);
    if (watch.parts === undefined) watch.sequences.push([walk]);
    else watch.parts.push(walk);
  }
}

export function noteLoop(loop: WatchedLoop): void {
  for (const { sequences } of watches()) sequences.push(loop);
}

/** What `body` walks is one sequence, part after part. */
export function asOneSequence<R>(body: () => R): R {
  const watching = [...watches()];
  for (const watch of watching) {
    watch.parts = [];
    watch.sequences.push(watch.parts);
  }
  try {
    return body();
  } finally {
    for (const watch of watching) watch.parts = undefined;
  }
}

/**
 * What `body` returns, and the sequences that were walked in it, in order. `look` is called with every part of a layer's
 * as soon as it is walked.
 */
export function whileWatching<R>(
  body: () => R,
  how: { readonly wantsFlow: boolean; readonly look?: (walk: Walk) => void },
): { readonly result: R; readonly sequences: readonly Sequence[] } {
  const outer = active;
  const watch: Watch = {
    outer,
    wantsFlow: how.wantsFlow,
    look: how.look,
    sequences: [],
    parts: undefined,
  };
  active = watch;
  try {
    return { result: body(), sequences: watch.sequences };
  } finally {
    active = outer;
  }
}
