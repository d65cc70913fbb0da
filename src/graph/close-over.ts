/**
 * From what one step of a cell computes to the body of a scan. Whatever the step reads that does not depend on the
 * step, a variable, an outer tensor, or something computed from these alone, is captured: it is computed once, before
 * the loop, and gradients flow to it. Literals and broadcasts stay with whoever reads them.
 *
 * Behind the results of the cell the body gives the carry as it was before the step: the tape that a gradient computes
 * the steps again from. What nobody reads is left out when a plan is made (scheduler/prune.ts).
 */
import type { StepOutputs } from "../ops/step-body.ts";
import { ScanBody } from "./body.ts";
import {
  type GraphValue,
  inputsOf,
  outputsOf,
  reachable,
  type SourceNode,
  source,
} from "./graph.ts";
import { substitute } from "./rebuild.ts";

/** A body, and the values outside that it captures. */
export interface ClosedBody {
  readonly body: ScanBody;
  readonly captured: readonly GraphValue[];
}

export function closeOver(
  carry: readonly SourceNode[],
  xs: readonly SourceNode[],
  { next, ys }: StepOutputs<GraphValue>,
): ClosedBody {
  const given = [...carry, ...xs].map(({ out }) => out);
  const tape = carry.map(({ out }) => out).filter((out) => !ys.includes(out));
  const roots = [...next, ...ys, ...tape];
  const captured = [...capturedBy(roots, given)];
  const stands = captured.map(({ type }, i) => standIn(`captured ${i}`, type));
  const inside = substitute(
    roots,
    new Map(captured.map((value, i) => [value, outOf(stands[i], value)])),
  );
  const body = new ScanBody({
    carry,
    xs,
    captured: stands,
    next: inside.slice(0, next.length),
    ys: inside.slice(next.length),
  });
  return { body, captured };
}

/** A source that stands for something which has a value at each step only. */
export function standIn(name: string, type: GraphValue["type"]): SourceNode {
  const { node } = source({ name, type });
  return node as SourceNode; // what `source` makes
}

function outOf(node: SourceNode | undefined, otherwise: GraphValue): GraphValue {
  return node?.out ?? otherwise;
}

/** The values that `roots` read and that depend on none of `given`, in the order in which they were made. */
function capturedBy(roots: readonly GraphValue[], given: readonly GraphValue[]): Set<GraphValue> {
  const dependent = new Set(given);
  const captured = new Set<GraphValue>();
  const read = (value: GraphValue) => {
    const { node } = value;
    if (dependent.has(value) || node.op === "literal") return;
    if (node.op === "broadcastTo") read(node.ins.x);
    else captured.add(value);
  };
  for (const node of reachable(roots)) {
    const inputs = inputsOf(node);
    if (!inputs.some((input) => dependent.has(input))) continue;
    for (const input of inputs) read(input);
    for (const out of outputsOf(node)) dependent.add(out);
  }
  for (const root of roots) read(root);
  return captured;
}
