/** Where in the sequence of work an item may stand. */
import type { GraphValue } from "../graph/graph.ts";
import { isAlias, readsOf, type Work, writesOf } from "./work.ts";

/**
 * Where one item may do the work of both `earlier` and `later`: at the later place if nobody in between reads what
 * the earlier one writes, else at the earlier place if nobody in between writes what the later one reads.
 */
export function placeOfBoth(
  work: readonly Work[],
  earlier: number,
  later: number,
): number | undefined {
  const [a, b] = [work[earlier], work[later]];
  if (a === undefined || b === undefined) return undefined;
  const between = work.slice(earlier + 1, later);
  const written = writesOf(a);
  if (!between.some((other) => readsAny(other, written))) return later;
  return between.some((other) => readsAny(b, writesOf(other))) ? undefined : earlier;
}

/** Whether an item reads one of `values` through a reshape or slice: a program finds only the value itself in itself. */
export function readsView(work: Work, values: readonly GraphValue[]): boolean {
  return readsOf(work).some((read) => !values.includes(read) && shows(read, values));
}

export function readsAny(work: Work, values: readonly GraphValue[]): boolean {
  return readsOf(work).some((read) => shows(read, values));
}

/** Whether `value` is one of `values`, or a view of one: of a view of a view every link counts, for it may be a copy. */
function shows(value: GraphValue, values: readonly GraphValue[]): boolean {
  if (values.includes(value)) return true;
  const { node } = value;
  return (isAlias(node) || node.op === "slice") && shows(node.ins.x, values);
}
