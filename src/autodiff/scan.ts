/**
 * The gradient of a scan is a scan in the other direction. Its body computes a step again from the carry before it
 * (which the forward scan gives as a result), x_t and what is captured, and takes the gradient of that:
 *
 *   carry     gC, the cotangent of the carry, and for captured values the sum of their gradients so far, unless these
 *             are summed behind the loop (behind-loop.ts)
 *   xs        the carry before each step, x_t, and gY_t where the loss depends on y
 *   ys        the gradients of x_t, and what is summed behind the loop
 *
 * Only what is asked for and what can be other than zero takes part, so the reverse scan is no larger than it must be.
 */
import { InternalError } from "../errors.ts";
import { bodyOf } from "../graph/body.ts";
import { closeOver, standIn } from "../graph/close-over.ts";
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
import type { Cotangents } from "./accumulate.ts";
import { dependents } from "./active.ts";
import type { backward, Seed } from "./backward.ts";
import { type BehindLoop, productBehind, sumBehind } from "./behind-loop.ts";

const m = arithmetic(emit);

/** Cotangents lined up with the scan's inputs: carry, xs, captured. */
export function scanCotangents(
  node: OpNode<"scan">,
  cotangents: Cotangents,
  active: ReadonlySet<GraphValue>,
  differentiate: typeof backward,
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
  const { gradients, gCarry, gYs } = step;
  const gradientOf = ({ out }: SourceNode) => gradients.get(out);

  const flowing = carry.filter((source) => gCarry.has(source));
  const sliced = xs.filter((source) => gradientOf(source) !== undefined);
  const wholes = wholesOf(node, gYs);
  const ys = [...new Set(sliced.flatMap((source) => gradientOf(source) ?? []))];
  const behind = sumsBehind(captured, gradients, ys, (value) => wholes.has(value));
  const summed = captured.filter((source) => gradientOf(source) && !behind.has(source));
  const sums = summed.map(({ out }, k) => standIn(`sum ${k}`, out.type));
  const next = [
    ...flowing.map((source) => gradientOf(source) ?? zeros(source.out)),
    ...summed.map((source, k) => plus(sums[k], gradientOf(source))),
  ];

  const needed = new Set(reachable([...next, ...ys]));
  const slices = [...carry, ...xs, ...gYs.keys()].filter((source) => needed.has(source));
  const closed = closeOver(
    [...flowing.map((source) => required(gCarry.get(source))), ...sums],
    slices,
    { next, ys },
  );
  const { ins, attrs } = node;
  const outer = new Map(captured.map(({ out }, k) => [out, required(ins.captured[k])]));
  const outs = emit(
    "scan",
    {
      carry: [
        ...flowing.map((source) => {
          const value = node.outs.carry[carry.indexOf(source)];
          return (value && cotangents.get(value)) ?? zeros(source.out);
        }),
        ...summed.map(({ out }) => zeros(out)),
      ],
      xs: slices.map(({ out }) => required(wholes.get(out))),
      captured: substitute(closed.captured, outer),
    },
    { body: closed.body, steps: attrs.steps, reverse: !attrs.reverse },
  ) as OpNode<"scan">["outs"];
  const stackOf = (value: GraphValue) => required(wholes.get(value) ?? outs.ys[ys.indexOf(value)]);
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

/** What a step's slices are parts of, by the source that stands for the slice: tapes, xs, cotangents of results. */
function wholesOf(
  node: OpNode<"scan">,
  gYs: ReadonlyMap<SourceNode, GraphValue>,
): Map<GraphValue, GraphValue> {
  const { carry, xs, ys } = bodyOf(node).graph;
  return new Map([
    // A scan gives the carry before each step behind the results of its cell.
    ...carry.map(({ out }) => [out, required(node.outs.ys[ys.indexOf(out)])] as const),
    ...xs.map(({ out }, i) => [out, required(node.ins.xs[i])] as const),
    ...[...gYs].map(([{ out }, cotangent]) => [out, cotangent] as const),
  ]);
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

/** The gradient of one step, as graph over the body's own sources and over cotangents that come from outside. */
interface StepGradient {
  /** By the source that it belongs to; missing where it is zero or not wanted. */
  readonly gradients: ReadonlyMap<GraphValue, GraphValue>;
  /** Stands for the cotangent of the carry behind the step, where it can be other than zero. */
  readonly gCarry: ReadonlyMap<SourceNode, SourceNode>;
  /** Stands for a step's slice of the cotangent of a result, with that cotangent. */
  readonly gYs: ReadonlyMap<SourceNode, GraphValue>;
}

function differentiateStep(
  node: OpNode<"scan">,
  cotangents: Cotangents,
  active: ReadonlySet<GraphValue>,
  differentiate: typeof backward,
): StepGradient {
  const { carry, next, ys } = bodyOf(node).graph;
  const wanted = wantedSources(node, active);
  const gYs = new Map<SourceNode, GraphValue>();
  const seedsOfYs = ys.flatMap((value, k): Seed[] => {
    const result = node.outs.ys[k];
    const cotangent = result && cotangents.get(result);
    if (cotangent === undefined) return [];
    const slice = standIn(`gradient of y ${k}`, value.type);
    gYs.set(slice, cotangent);
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
    const dependent = dependents(nodes, wanted);
    const reached = carry.filter(({ out }, i) => {
      const value = next[i];
      return value !== undefined && dependent.has(value) && !wanted.has(out);
    });
    if (reached.length === 0) return wanted;
    for (const { out } of reached) wanted.add(out);
  }
}

function zeros({ type }: GraphValue): GraphValue {
  return m.broadcastTo(m.literal(0), type.shape) as GraphValue;
}

function plus(sum: SourceNode | undefined, gradient: GraphValue | undefined): GraphValue {
  return m.add(required(sum).out, required(gradient)) as GraphValue;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new InternalError("a scan lacks something that its body needs.");
  return value;
}
