/**
 * The gradient of a scan is a scan in the other direction. Its body takes the gradient of a step (scan-step.ts). What that
 * needs of the step is read where the forward scan gives it as a result (graph/residuals.ts), and computed again from the
 * carry before the step, x_t and what is captured where it does not:
 *
 *   carry     gC, the cotangent of the carry, and for captured values the sum of their gradients so far, unless these
 *             are summed behind the loop (behind-loop.ts)
 *   xs        the carry before each step, x_t, gY_t where the loss depends on y, and what is kept of the step
 *   ys        the gradients of x_t, and what is summed behind the loop
 *
 * Only what is asked for and what can be other than zero takes part, so the reverse scan is no larger than it must be.
 */

import { bodyOf } from "../graph/body.ts";
import { type Given, standIn } from "../graph/close-over.ts";
import { emitScan } from "../graph/emit-scan.ts";
import {
  emit,
  type GraphValue,
  inputsOf,
  type OpNode,
  reachable,
  type SourceNode,
} from "../graph/graph.ts";
import { substitute } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import { present } from "../present.ts";
import type { Cotangents } from "./accumulate.ts";
import { type BehindLoop, productBehind, sumBehind } from "./behind-loop.ts";
import { differentiateStep } from "./scan-step.ts";
import type { Differentiate } from "./seed.ts";

const m = arithmetic(emit);

/** Cotangents lined up with the scan's inputs: carry, xs, captured. */
export function scanCotangents(
  node: OpNode<"scan">,
  cotangents: Cotangents,
  active: ReadonlySet<GraphValue>,
  differentiate: Differentiate,
): (GraphValue | undefined)[] {
  const { carry, xs, captured } = bodyOf(node).graph;
  if (node.attrs.steps === 0) {
    // The carry comes out as it went in; nothing else has been read.
    return inputsOf(node).map((_, i) => {
      const result = node.outs.carry[i];
      return result && cotangents.get(result);
    });
  }
  const step = differentiateStep(node, cotangents, active, differentiate);
  const { gCarry, gYs } = step;
  const kept = valuesKept(node);
  const gradients = fromOutside(node, step.gradients, kept);
  const gradientOf = ({ out }: SourceNode) => gradients.get(out);

  const given = [...tapesOf(node), ...slicesOf(xs, node.ins.xs), ...gYs, ...kept.values()];
  const wholes = new Map(given.map(({ source, value }) => [source.out, value]));
  const flowing = carry.filter((source) => gCarry.has(source));
  const sliced = xs.filter((source) => gradientOf(source) !== undefined);
  const ys = [...new Set(sliced.flatMap((source) => gradientOf(source) ?? []))];
  const behind = sumsBehind(captured, gradients, ys, (value) => wholes.has(value));
  const summed = captured.filter((source) => gradientOf(source) && !behind.has(source));
  const sums = summed.map(({ out }, k): Given => {
    return { source: standIn(`sum ${k}`, out.type), value: zeros(out) };
  });
  const next = [
    ...flowing.map((source) => gradientOf(source) ?? zeros(source.out)),
    ...summed.map((source, k) => plus(sums[k]?.source, gradientOf(source))),
  ];

  const needed = new Set(reachable([...next, ...ys]));
  const flows = flowing.map((source): Given => {
    const result = node.outs.carry[carry.indexOf(source)];
    const value = (result && cotangents.get(result)) ?? zeros(source.out);
    return { source: present(gCarry.get(source)), value };
  });
  const { steps, reverse } = node.attrs;
  const outs = emitScan(
    [...flows, ...sums],
    given.filter(({ source }) => needed.has(source)),
    { next, ys },
    { steps, reverse: !reverse },
  );
  const stackOf = (value: GraphValue) => present(wholes.get(value) ?? outs.ys[ys.indexOf(value)]);
  return [
    ...carry.map((source) => outs.carry[flowing.indexOf(source)]),
    ...xs.map((source) => {
      const gradient = gradientOf(source);
      return gradient && stackOf(gradient);
    }),
    ...captured.map((source) => {
      const later = behind.get(source);
      if (later !== undefined) return later.sum(later.values.map(stackOf));
      const place = summed.indexOf(source);
      return place === -1 ? undefined : outs.carry[flowing.length + place];
    }),
  ];
}

/**
 * The carry before each step. A scan gives it behind the results of its cell; but where the next carry is a result, that
 * is the same a step later, and need not be written twice.
 */
function tapesOf(node: OpNode<"scan">): Given[] {
  const { carry, next, ys } = bodyOf(node).graph;
  return carry.map((source, i) => {
    const stack = node.outs.ys[ys.indexOf(present(next[i]))];
    const value =
      stack === undefined
        ? present(node.outs.ys[ys.indexOf(source.out)])
        : aStepLater(present(node.ins.carry[i]), stack, node.attrs.reverse);
    return { source, value };
  });
}

/** What there was before each step, from what there was before the first and behind each: [steps, ...]. */
function aStepLater(first: GraphValue, stack: GraphValue, reverse: boolean): GraphValue {
  const [steps = 0, ...rest] = stack.type.shape;
  const row = m.reshape(first, [1, ...rest]);
  if (steps === 1) return row as GraphValue;
  const starts = [reverse ? 1 : 0, ...rest.map(() => 0)];
  const others = m.slice(stack, starts, [steps - 1, ...rest]);
  return emit("concat", { xs: reverse ? [others, row] : [row, others] }, { axis: 0 })
    .out as GraphValue;
}

function slicesOf(sources: readonly SourceNode[], values: readonly GraphValue[]): Given[] {
  return sources.map((source, i) => ({ source, value: present(values[i]) }));
}

/** What a step computes and the scan gives as a result, by the value in its body: it need not be computed again. */
function valuesKept(node: OpNode<"scan">): Map<GraphValue, Given> {
  const { ys } = bodyOf(node).graph;
  return new Map(
    ys.flatMap((value, k) => {
      const stack = node.outs.ys[k];
      if (value.node.op === "source" || stack === undefined) return [];
      return [[value, { source: standIn(`result ${k}`, value.type), value: stack }] as const];
    }),
  );
}

/** `gradients` with what is captured and what is kept in the places of what stands for it in the body. */
function fromOutside(
  node: OpNode<"scan">,
  gradients: ReadonlyMap<GraphValue, GraphValue>,
  kept: ReadonlyMap<GraphValue, Given>,
): Map<GraphValue, GraphValue> {
  const { captured } = bodyOf(node).graph;
  const places = substitute(
    [...gradients.values()],
    new Map([
      ...captured.map(({ out }, k) => [out, present(node.ins.captured[k])] as const),
      ...[...kept].map(([value, { source }]) => [value, source.out] as const),
    ]),
  );
  return new Map([...gradients.keys()].map((source, i) => [source, present(places[i])]));
}

/** The gradients of captured values that are summed behind the loop; what they need of each step is added to `ys`. */
function sumsBehind(
  captured: readonly SourceNode[],
  gradients: ReadonlyMap<GraphValue, GraphValue>,
  ys: GraphValue[],
  isGiven: (value: GraphValue) => boolean,
): Map<SourceNode, BehindLoop> {
  const behind = new Map<SourceNode, BehindLoop>();
  const isAtHand = (value: GraphValue) => isGiven(value) || ys.includes(value);
  for (const find of [productBehind, sumBehind]) {
    for (const source of captured) {
      const gradient = gradients.get(source.out);
      const found = gradient && !behind.has(source) ? find(gradient, isAtHand) : undefined;
      if (found === undefined) continue;
      behind.set(source, found);
      for (const value of found.values) if (!isAtHand(value)) ys.push(value);
    }
  }
  return behind;
}

function zeros({ type }: GraphValue): GraphValue {
  return m.broadcastTo(m.literal(0), type.shape) as GraphValue;
}

function plus(sum: SourceNode | undefined, gradient: GraphValue | undefined): GraphValue {
  return m.add(present(sum).out, present(gradient)) as GraphValue;
}
