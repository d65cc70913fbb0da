/**
 * From what one step of a cell computes to the body of a scan. Whatever the step reads that does not depend on the
 * step, a variable, an outer tensor, or something computed from these alone, is captured: it is computed once, before
 * the loop, and gradients flow to it. Literals and broadcasts stay with whoever reads them.
 *
 * Behind the results of the cell the body gives what a gradient computes the steps again from: the carry as it was before
 * the step, the tape, and what is expensive to compute again (residuals.ts). What nobody reads is left out when a plan is
 * made (scheduler/prune.ts).
 */
import type { StepOutputs } from "../ops/step-body.ts";
import { ScanBody } from "./body.ts";
import {
  dependents,
  type GraphValue,
  inputsOf,
  type Node,
  reachable,
  type SourceNode,
  source,
} from "./graph.ts";
import { substitute } from "./rebuild.ts";
import { residualsOf } from "./residuals.ts";

/** A value, and the source that stands for it, or for a step's slice of it, in what a step computes. */
export interface Given {
  readonly source: SourceNode;
  readonly value: GraphValue;
}

/** A body, and the values outside that it captures. */
export interface ClosedBody {
  readonly body: ScanBody;
  readonly captured: readonly GraphValue[];
}

export function closeOver(
  carry: readonly SourceNode[],
  xs: readonly SourceNode[],
  { next, ys }: StepOutputs<GraphValue>,
  why?: string,
): ClosedBody {
  const given = [...carry, ...xs].map(({ out }) => out);
  const nodes = reachable([...next, ...ys]);
  const inside = dependents(nodes, given);
  const tape = carry.map(({ out }) => out);
  const kept = new Set([...tape, ...residualsOf(nodes, inside, [...next, ...ys])]);
  const roots = [...next, ...ys, ...[...kept].filter((value) => !ys.includes(value))];
  const captured = [...capturedBy(roots, nodes, inside, firstId([...carry, ...xs]))];
  const stands = captured.map(({ type }, i) => standIn(`captured ${i}`, type));
  const own = substitute(
    roots,
    new Map(captured.map((value, i) => [value, outOf(stands[i], value)])),
  );
  const body = new ScanBody(
    {
      carry,
      xs,
      captured: stands,
      next: own.slice(0, next.length),
      ys: own.slice(next.length),
    },
    why,
  );
  return { body, captured };
}

/** Of a step that is given `sources`: nodes of lower ids were there before it. */
export function firstId(sources: readonly SourceNode[]): number {
  return Math.min(...sources.map(({ id }) => id));
}

/** A source that stands for something which has a value at each step only. */
export function standIn(name: string, type: GraphValue["type"]): SourceNode {
  const { node } = source({ name, type });
  return node as SourceNode; // what `source` makes
}

function outOf(node: SourceNode | undefined, otherwise: GraphValue): GraphValue {
  return node?.out ?? otherwise;
}

/** The values that `nodes` and `roots` read and that are not `inside` the step, in the order in which they were made. */
function capturedBy(
  roots: readonly GraphValue[],
  nodes: readonly Node[],
  inside: ReadonlySet<GraphValue>,
  firstId: number,
): Set<GraphValue> {
  const captured = new Set<GraphValue>();
  const read = (value: GraphValue) => {
    const { node } = value;
    if (inside.has(value)) return;
    if (node.id < firstId && value.type.dtype === "f32") captured.add(value);
    else if (node.op === "broadcastTo") read(node.ins.x);
    else if (node.op !== "literal") captured.add(value);
  };
  for (const node of nodes) {
    const inputs = inputsOf(node);
    if (inputs.some((input) => inside.has(input))) for (const input of inputs) read(input);
  }
  for (const root of roots) read(root);
  return captured;
}
