/**
 * Joins elementwise work items of one size into one with several results, where the order allows it: the earlier one
 * may wait for the later one if nobody in between reads it, or the later one may go first if what it reads is there.
 * A training step has many items on a handful of numbers (norm, clipping, metrics), and each would be a dispatch.
 */
import type { GraphValue } from "../graph/graph.ts";
import { sameShape, sizeOf } from "../tensor/shape.ts";
import { elementwiseWork, MAX_OPS } from "./elementwise.ts";
import { type Item, itemsBefore, Sequence } from "./sequence.ts";
import { aliased, type ElementwiseWork, isAlias, readsOf, type Work } from "./work.ts";

/** Larger items are joined only where one reads what the other reads or writes: else memory would live longer for nothing. */
const SMALL_ELEMENTS = 4096;

/** How far back an item looks for one to join: keeps the time to plan a long graph linear. */
const REACH = 64;

/** `kept` is what is read from outside. */
export function mergeElementwise(
  work: readonly Work[],
  kept: Iterable<GraphValue>,
  maxOperands: number,
): Work[] {
  const sequence = new Sequence(work);
  for (const later of sequence.items()) {
    if (later.work.kind !== "elementwise") continue;
    const read = new Set(later.work.ins);
    for (const earlier of itemsBefore(later, REACH))
      if (tryMerge(sequence, earlier, later, read, maxOperands)) break;
  }
  return withoutUnread(sequence.work(), kept);
}

/** What nobody but the joined item itself reads any more is not stored. */
function withoutUnread(work: readonly Work[], kept: Iterable<GraphValue>): Work[] {
  const read = new Set<GraphValue>();
  const note = (value: GraphValue): void => {
    for (let next = value; !read.has(next); ) {
      read.add(next);
      const { node } = next;
      if (isAlias(node) || node.op === "slice") next = node.ins.x;
    }
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

/** Makes one item of two, if it can be; `read` is what the later one reads. */
function tryMerge(
  sequence: Sequence,
  earlier: Item,
  later: Item,
  read: ReadonlySet<GraphValue>,
  maxOperands: number,
): boolean {
  const [a, b] = [earlier.work, later.work];
  if (a.kind !== "elementwise" || b.kind !== "elementwise") return false;
  if (a.nodes.length + b.nodes.length > MAX_OPS || !areAlike(a, b, read)) return false;
  if (operandsOfBoth(a, b, read) > maxOperands || readsView(b, a.outs)) return false;
  const place = sequence.placeOfBoth(earlier, later);
  if (place === undefined) return false;
  const joined = elementwiseWork([...a.outs, ...b.outs], [...a.nodes, ...b.nodes]);
  if (joined.ins.length + joined.outs.length > maxOperands) return false;
  const order = place === later ? b.order : a.order;
  sequence.join(earlier, later, place, { ...joined, order });
  return true;
}

function areAlike(a: ElementwiseWork, b: ElementwiseWork, read: ReadonlySet<GraphValue>): boolean {
  const [mine, its] = [a.outs[0]?.type.shape, b.outs[0]?.type.shape];
  if (mine === undefined || its === undefined) return false;
  const size = sizeOf(mine);
  if (size !== sizeOf(its) || !(sameShape(mine, its) || size === 1)) return false;
  const isRead = (value: GraphValue) => read.has(value);
  return size <= SMALL_ELEMENTS || a.outs.some(isRead) || a.ins.some(isRead);
}

/** What the two read and write together: quicker to tell than to join them. */
function operandsOfBoth(
  a: ElementwiseWork,
  b: ElementwiseWork,
  read: ReadonlySet<GraphValue>,
): number {
  let count = b.ins.length + a.outs.length + b.outs.length;
  for (const value of a.outs) if (read.has(value)) count--;
  for (const value of a.ins) if (!read.has(value)) count++;
  return count;
}

/** Whether an item reads one of `values` through a reshape: a program finds only the value itself in itself. */
function readsView({ ins }: ElementwiseWork, values: readonly GraphValue[]): boolean {
  return ins.some((read) => aliased(read) !== read && values.includes(aliased(read)));
}
