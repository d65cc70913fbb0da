/** What work may write over what it reads. */
import type { GraphValue } from "../graph/graph.ts";
import { sameShape, sizeOf } from "../tensor/shape.ts";
import { overwritten } from "./demands.ts";
import { termInputs } from "./group-program.ts";
import { rowsOf } from "./space.ts";
import { aliased, type GroupWork, readsOf, rootsOf, viewed, type Work } from "./work.ts";

/** Whether `work` may write `to` over `from` while it reads `from`. */
export function canUpdateInPlace(
  work: Work | undefined,
  from: GraphValue,
  to: GraphValue,
): boolean {
  if (work === undefined) return false;
  if (work.kind === "group") {
    const reads = (input: GraphValue) => rootsOf(input).includes(from);
    return canGroupUpdate(work, to, reads, (input) => aliased(input) === from);
  }
  const reads = readsOf(work).filter((input) => viewed(input) === from);
  return (
    reads.length === 1 &&
    overwritten(work).some(({ input, output }) => aliased(input) === from && output === to)
  );
}

/**
 * Whether a group may write `to` over what it reads by the inputs that `reads` tells: only what lies in its place, as `lies`
 * tells, and is read through the very view that it is written through, element by element, or number by number behind
 * reductions of everything. Of a value for each row all elements of it are read.
 */
export function canGroupUpdate(
  { program, ins, outs, space }: GroupWork,
  to: GraphValue,
  reads: (input: GraphValue) => boolean,
  lies: (input: GraphValue) => boolean,
): boolean {
  const store = program.stores[outs.indexOf(to)];
  if (store === undefined || store.isTotal) return false;
  const isWhole = sizeOf(to.type.shape) === sizeOf(space.shape);
  if (!isWhole && rowsOf(space) !== 1) return false;
  // What a walk over rows stores once, it stores last.
  const inTerms = isWhole ? new Set() : termInputs(program);
  return ins.every((input, i) => {
    if (!reads(input)) return true;
    const view = program.inputs[i];
    return (
      lies(input) &&
      !inTerms.has(i) &&
      view?.offset === store.offset &&
      sameShape(view.strides, store.strides)
    );
  });
}
