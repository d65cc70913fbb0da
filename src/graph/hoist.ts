/**
 * What a step makes of its slices alone needs no loop. A product with something that is the same at every step, x_t·W or
 * relu(x_t)·W, is one product of all steps' rows in front of it, whose slices the steps read; its gradients are then products of
 * all rows, too. So is a look-up of a step's ids in a table, whose gradient would be a whole table at every step.
 */
import { arithmetic } from "../ops/arithmetic.ts";
import type { StepOutputs } from "../ops/step-body.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Given, standIn } from "./close-over.ts";
import { dependents, emit, type GraphValue, inputsOf, reachable } from "./graph.ts";
import { Lifting } from "./lift.ts";
import { substitute } from "./rebuild.ts";

const m = arithmetic(emit);

/**
 * What is worth being made for all steps at once. Convolutions are where a step's results are not many more than the
 * filters, for the start of a kernel is much of it then; larger ones gain nothing, and would be held for all steps.
 */
function isCostly({ node, type }: GraphValue): boolean {
  if (node.op !== "conv2d") return node.op === "matmul" || node.op === "embedding";
  return sizeOf(type.shape) <= 4 * sizeOf(node.ins.w.type.shape);
}

/**
 * With `conditions` also those that come of whole numbers and of bools, the number of a step for instance, and such numbers where
 * they become f32: a step that reads f32 alone is left.
 */
export function hoist(
  carry: readonly Given[],
  xs: readonly Given[],
  step: StepOutputs<GraphValue>,
  { conditions = false } = {},
): { readonly xs: readonly Given[]; readonly step: StepOutputs<GraphValue> } {
  const roots = [...step.next, ...step.ys];
  const nodes = reachable(roots);
  const inside = dependents(
    nodes,
    [...carry, ...xs].map(({ source }) => source.out),
  );
  const others = xs.flatMap(({ source: { out } }) => (out.type.dtype === "f32" ? [] : [out]));
  const ofOthers = dependents(nodes, others);
  const lifting = new Lifting(xs, nodes, inside);
  const given = new Set(xs.map(({ source }) => source.out));
  const isCondition = (value: GraphValue) =>
    conditions &&
    ofOthers.has(value) &&
    (value.type.dtype === "bool" || (value.node.op === "cast" && value.type.dtype === "f32"));
  const isHoisted = (value: GraphValue) =>
    lifting.has(value) && (isCondition(value) || (!given.has(value) && isCostly(value)));

  const slices = new Map<GraphValue, GraphValue>();
  const hoisted: Given[] = [];
  for (const value of firstOf(roots, inside, isHoisted)) {
    const { shape, dtype } = value.type;
    const isBool = dtype === "bool";
    const source = standIn("what slices make", { shape, dtype: isBool ? "f32" : dtype });
    const whole = lifting.of(value);
    hoisted.push({ source, value: isBool ? (m.cast(whole, "f32") as GraphValue) : whole });
    slices.set(value, isBool ? (m.binary("greater", source.out, 0) as GraphValue) : source.out);
  }
  if (hoisted.length === 0) return { xs, step };
  const replaced = substitute(roots, slices);
  const count = step.next.length;
  return {
    xs: [...xs, ...hoisted],
    step: { next: replaced.slice(0, count), ys: replaced.slice(count) },
  };
}

/** On every way from the roots to what is given the first value that `isOne`. */
function firstOf(
  roots: readonly GraphValue[],
  inside: ReadonlySet<GraphValue>,
  isOne: (value: GraphValue) => boolean,
): Set<GraphValue> {
  const found = new Set<GraphValue>();
  const seen = new Set<GraphValue>();
  const open = [...roots];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (seen.has(value) || !inside.has(value)) continue;
    seen.add(value);
    if (isOne(value)) found.add(value);
    else open.push(...inputsOf(value.node));
  }
  return found;
}
