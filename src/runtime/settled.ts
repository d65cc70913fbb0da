/** What has been computed of the graphs that tensors stand for, so that nothing is computed twice. */
import { type GraphValue, reachable } from "../graph/graph.ts";
import { substitute } from "../graph/rebuild.ts";
import { Cell } from "./cell.ts";

interface Settled {
  readonly source: GraphValue;
  /** The result will be disposed of although tensors may stand for the value. */
  readonly isPassing: boolean;
}

/** Weak: a result lives as long as anyone can ask for it. */
const results = new WeakMap<GraphValue, Settled>();

/** `value` has been computed; its elements are those of `source`. */
export function settle(value: GraphValue, source: GraphValue, isPassing = false): void {
  results.set(value, { source, isPassing });
}

/** The source that holds the elements of `value` now, or `value`. */
export function settled(value: GraphValue): GraphValue {
  return sourceOf(results.get(value)) ?? value;
}

/** As `settled`, for whoever keeps the source in the value's place. */
export function settledForGood(value: GraphValue): GraphValue {
  const result = results.get(value);
  return (result?.isPassing === false ? sourceOf(result) : undefined) ?? value;
}

/** A result that was disposed of, or overwritten, can still be computed again from what it was made of. */
function sourceOf(result: Settled | undefined): GraphValue | undefined {
  if (result === undefined || result.source.node.op !== "source") return undefined;
  const { holder } = result.source.node;
  const isThere = holder instanceof Cell && !holder.isDisposed && holder.holds(result.source.node);
  return isThere ? result.source : undefined;
}

/** `roots`, computed from what is there rather than from the beginning. */
export function fromSettled(roots: readonly GraphValue[]): readonly GraphValue[] {
  const replacements = new Map<GraphValue, GraphValue>();
  const boundary = { has: (value: GraphValue) => note(value, replacements) };
  reachable(roots, boundary);
  return replacements.size === 0 ? roots : substitute(roots, replacements);
}

function note(value: GraphValue, replacements: Map<GraphValue, GraphValue>): boolean {
  const source = settled(value);
  if (source !== value) replacements.set(value, source);
  return source !== value;
}
