/**
 * Where the carry of a loop lies. One that is updated in place has the scan's result as its place. Where what is carried
 * is a result of every step anyway, it is read where it was written, and nothing is copied:
 *
 *   after    y_t is what the carry becomes: a step reads the y of the step before, the first one what the loop starts with
 *   before   y_t is the carry as it was: a step reads its y and writes the next step's, the last one the scan's result
 *
 * so the first or the last step stands apart from the others.
 */
import { bodyOf } from "../graph/body.ts";
import { type OpNode, reachable } from "../graph/graph.ts";
import { sizeOf } from "../tensor/shape.ts";
import { mayStep } from "./loop-parts.ts";
import type { DeviceTraits } from "./lowering.ts";
import { aliased } from "./work.ts";

/** The scan's result `y` has a carry in its parts. */
export interface Stacked {
  readonly kind: "after" | "before";
  readonly y: number;
}

/** For each carry the result that it lies in; undefined where it is updated in place. */
export function stackedCarries(
  node: OpNode<"scan">,
  traits: DeviceTraits,
): readonly (Stacked | undefined)[] {
  const { carry, next, ys } = bodyOf(node).graph;
  // A loop within the loop would have to know two steps.
  const hasLoops = reachable([...next, ...ys]).some(({ op }) => LOOPS.has(op));
  // What a loop of no steps starts with is its result.
  const isNone = node.attrs.steps === 0;
  const taken = new Set<number>();
  return carry.map(({ out }, i): Stacked | undefined => {
    if (isNone || hasLoops || !mayStep(sizeOf(out.type.shape), traits)) return undefined;
    const base = next[i] && aliased(next[i]);
    const stackOf = (value: unknown) =>
      ys.findIndex((y, k) => !taken.has(k) && aliased(y) === value);
    const after = base === undefined || base.node.op === "source" ? -1 : stackOf(base);
    const y = after === -1 ? stackOf(out) : after;
    if (y === -1) return undefined;
    taken.add(y);
    return { kind: after === -1 ? "before" : "after", y };
  });
}

const LOOPS: ReadonlySet<string> = new Set(["scan", "recurrence", "recurrenceGrad"]);
