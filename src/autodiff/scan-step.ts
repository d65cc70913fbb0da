import { bodyOf } from "../graph/body.ts";
import { type Given, standIn } from "../graph/close-over.ts";
import { type GraphValue, type OpNode, reachable, type SourceNode } from "../graph/graph.ts";
import type { Cotangents } from "./accumulate.ts";
import { activeValues } from "./active.ts";
import type { Differentiate, Seed } from "./seed.ts";

/** The gradient of one step, as graph over the body's own sources and over cotangents that come from outside. */
export interface StepGradient {
  /** By the source that it belongs to; missing where it is zero or not wanted. */
  readonly gradients: ReadonlyMap<GraphValue, GraphValue>;
  /** Stands for the cotangent of the carry behind the step, where it can be other than zero. */
  readonly gCarry: ReadonlyMap<SourceNode, SourceNode>;
  /** Cotangents of results. */
  readonly gYs: readonly Given[];
}

export function differentiateStep(
  node: OpNode<"scan">,
  cotangents: Cotangents,
  active: ReadonlySet<GraphValue>,
  differentiate: Differentiate,
): StepGradient {
  const { carry, next, ys } = bodyOf(node).graph;
  const wanted = wantedSources(node, active);
  const gYs: Given[] = [];
  const seedsOfYs = ys.flatMap((value, k): Seed[] => {
    const result = node.outs.ys[k];
    const cotangent = result && cotangents.get(result);
    if (cotangent === undefined) return [];
    const slice = standIn(`gradient of y ${k}`, value.type);
    gYs.push({ source: slice, value: cotangent });
    return [{ value, cotangent: slice.out }];
  });
  const gCarry = new Map<SourceNode, SourceNode>();
  const flow = (source: SourceNode) => {
    gCarry.set(source, standIn(`gradient of ${source.holder.name}`, source.out.type));
  };
  carry.forEach((source, i) => {
    const result = node.outs.carry[i];
    if (wanted.has(source.out) && result && cotangents.has(result)) flow(source);
  });
  // What flows back into the carry at one step flows on at the one before: until nothing new does.
  for (;;) {
    const seeds = carry.flatMap((source, i): Seed[] => {
      const [value, cotangent] = [next[i], gCarry.get(source)];
      return value && cotangent ? [{ value, cotangent: cotangent.out }] : [];
    });
    const list = [...wanted];
    const found = differentiate([...seeds, ...seedsOfYs], list);
    const gradients = new Map(
      list.flatMap((value, i) => {
        const gradient = found[i];
        return gradient === undefined ? [] : [[value, gradient] as const];
      }),
    );
    const reached = carry.filter((source) => gradients.has(source.out) && !gCarry.has(source));
    if (reached.length === 0) return { gradients, gCarry, gYs };
    reached.forEach(flow);
  }
}

/** The body's sources whose gradient is wanted: those of active inputs, and carries that come to depend on them. */
function wantedSources(node: OpNode<"scan">, active: ReadonlySet<GraphValue>): Set<GraphValue> {
  const { carry, xs, captured, next } = bodyOf(node).graph;
  const { ins } = node;
  const wanted = new Set<GraphValue>();
  const want = (sources: readonly SourceNode[], inputs: readonly GraphValue[]) =>
    sources.forEach(({ out }, i) => {
      const input = inputs[i];
      if (out.type.dtype === "f32" && input !== undefined && active.has(input)) wanted.add(out);
    });
  want(carry, ins.carry);
  want(xs, ins.xs);
  want(captured, ins.captured);
  const nodes = reachable(next);
  for (;;) {
    const dependent = activeValues(nodes, wanted);
    const reached = carry.filter(({ out }, i) => {
      const value = next[i];
      return value !== undefined && dependent.has(value) && !wanted.has(out);
    });
    if (reached.length === 0) return wanted;
    for (const { out } of reached) wanted.add(out);
  }
}
