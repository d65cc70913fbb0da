/**
 * Joins elementwise work items of one size into one with several results, where the order allows it: the earlier one
 * may wait for the later one if nobody in between reads it, or the later one may go first if what it reads is there.
 * A training step has many items on a handful of numbers (norm, clipping, metrics), and each would be a dispatch.
 */
import type { GraphValue } from "../graph/graph.ts";
import { sameShape, sizeOf } from "../tensor/shape.ts";
import { elementwiseWork } from "./elementwise.ts";
import { placeOfBoth, readsView } from "./order.ts";
import { type ElementwiseWork, isAlias, readsOf, type Work } from "./work.ts";

/** Larger items are joined only where one reads what the other reads or writes: else memory would live longer for nothing. */
const SMALL_ELEMENTS = 4096;

/** How far back an item looks for one to join: keeps the time to plan a long graph linear. */
const REACH = 64;

/** `kept` is what is read from outside. */
export function mergeElementwise(
  sequence: readonly Work[],
  kept: Iterable<GraphValue>,
  maxOperands: number,
): Work[] {
  const work = [...sequence];
  for (let later = 0; later < work.length; later++) {
    for (let earlier = Math.max(0, later - REACH); earlier < later; earlier++) {
      const place = tryMerge(work, earlier, later, maxOperands);
      if (place === undefined) continue;
      // The joined item stands at `place`; look again at what now stands here.
      later--;
      break;
    }
  }
  return withoutUnread(work, kept);
}

/** What nobody but the joined item itself reads any more is not stored. */
function withoutUnread(work: readonly Work[], kept: Iterable<GraphValue>): Work[] {
  const read = new Set<GraphValue>();
  const note = (value: GraphValue): void => {
    read.add(value);
    const { node } = value;
    if (isAlias(node) || node.op === "slice") note(node.ins.x);
  };
  for (const value of kept) note(value);
  for (const item of work) readsOf(item).forEach(note);
  return work.flatMap((item): Work[] => {
    if (item.kind !== "elementwise" || item.outs.every((out) => read.has(out))) return [item];
    const outs = item.outs.filter((out) => read.has(out));
    // A broadcast may be read by nobody at all: an epilogue looks through it.
    return outs.length === 0 ? [] : [{ ...elementwiseWork(outs, item.nodes), order: item.order }];
  });
}

/** Replaces two items by one; returns where it stands, or undefined if they stay apart. */
function tryMerge(
  work: Work[],
  earlier: number,
  later: number,
  maxOperands: number,
): number | undefined {
  const [a, b] = [work[earlier], work[later]];
  if (a?.kind !== "elementwise" || b?.kind !== "elementwise" || !areAlike(a, b)) return undefined;
  if (readsView(b, a.outs)) return undefined;
  const place = placeOfBoth(work, earlier, later);
  if (place === undefined) return undefined;
  const joined = elementwiseWork([...a.outs, ...b.outs], [...a.nodes, ...b.nodes]);
  if (joined.ins.length + joined.outs.length > maxOperands) return undefined;
  work[place] = { ...joined, order: place === later ? b.order : a.order };
  work.splice(place === later ? earlier : later, 1);
  return place;
}

function areAlike(a: ElementwiseWork, b: ElementwiseWork): boolean {
  const [mine, its] = [a.outs[0]?.type.shape, b.outs[0]?.type.shape];
  if (mine === undefined || its === undefined) return false;
  const size = sizeOf(mine);
  if (size !== sizeOf(its) || !(sameShape(mine, its) || size === 1)) return false;
  return (
    size <= SMALL_ELEMENTS || b.ins.some((input) => a.outs.includes(input) || a.ins.includes(input))
  );
}
