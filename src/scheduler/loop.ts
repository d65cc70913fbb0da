/**
 * A scan becomes a loop. Its body is planned as a request of its own: the carry is a variable that is updated, so that
 * hazards and updates in place are found by the same passes, or lies in a stack of results (loop-carry.ts); slices of xs
 * and what is captured are inputs, results are outputs. The plan of the body is then moved into the memory of the plan
 * around it: slices and results are parts of whole sequences, further on with each step, and the body's temporaries are
 * temporaries of that plan. Only where a step's part begins between two places that a kernel may be handed, or where a
 * loop within the loop touches it, it is copied.
 */

import { bodyOf } from "../graph/body.ts";
import type { GraphValue, OpNode, SourceNode } from "../graph/graph.ts";
import { present } from "../present.ts";
import { bytesOf } from "../tensor/shape.ts";
import { type Stacked, stackedCarries } from "./loop-carry.ts";
import { LoopParts, type Stretch } from "./loop-parts.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import type { BufferDraft } from "./places.ts";
import {
  type BindingInfo,
  type LoweredCall,
  type LoweredStep,
  operandsOf,
  type Plan,
} from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import { aliased } from "./work.ts";

/** Plans a graph by itself: `schedule`, which the passes cannot import. */
export type PlanBody = (request: PlanRequest) => Plan;

/** What the lowering of a loop needs of the plan around it. */
export interface LoopContext {
  readonly place: (value: GraphValue) => Region;
  /** Whether anybody reads it. */
  readonly isRead: (value: GraphValue) => boolean;
  readonly buffers: BufferDraft[];
  readonly traits: DeviceTraits;
  readonly planBody: PlanBody;
}

type RegionAt = (at: Stretch) => Region;
type CallsAt = (at: Stretch) => LoweredCall[];

export function lowerLoop(node: OpNode<"scan">, context: LoopContext): LoweredStep[] {
  return node.attrs.steps === 0 ? [] : new LoopLowering(node, context).lower();
}

class LoopLowering {
  readonly #node: OpNode<"scan">;
  readonly #context: LoopContext;
  readonly #stacked: readonly (Stacked | undefined)[];
  readonly #parts: LoopParts;
  readonly #before: CallsAt[] = [];
  readonly #after: CallsAt[] = [];

  constructor(node: OpNode<"scan">, context: LoopContext) {
    this.#node = node;
    this.#context = context;
    this.#stacked = stackedCarries(node, context.traits);
    this.#parts = new LoopParts(node.attrs.steps, node.attrs.reverse, context.traits);
  }

  lower(): LoweredStep[] {
    const { carry, xs, captured } = bodyOf(this.#node).graph;
    const { ins } = this.#node;
    const made = this.#made();
    const plan = this.#context.planBody(bodyRequest(this.#node, this.#stacked, made));
    const inLoops = bindingsInLoops(plan);
    // In the order of the body's bindings.
    const bound: RegionAt[] = carry.map((_, i) => (at) => this.#carryAt(i, at));
    for (const x of ins.xs.slice(0, xs.length))
      bound.push(this.#bind(x, inLoops.has(bound.length), "toSlice"));
    for (const value of ins.captured.slice(0, captured.length)) {
      const region = this.#context.place(value);
      bound.push(() => region);
    }
    for (const { y, carry: of } of made) {
      const result = present(this.#node.outs.ys[y]);
      bound.push(
        of === undefined
          ? this.#bind(result, inLoops.has(bound.length), "toWhole")
          : (at) => this.#nextAt(of, this.#context.place(result), at),
      );
    }
    this.#copyOthers(made, [...carry, ...xs, ...captured], bound);
    return this.#stepsOf(plan, bound);
  }

  /**
   * What the body computes for the parts of results: those that are neither given nor what a carry becomes in its own
   * place; and what carries become that lie in a result before the step, which is that of the step behind.
   */
  #made(): Made[] {
    const { carry, next, ys } = bodyOf(this.#node).graph;
    const isUpdated = (base: GraphValue) =>
      carry.some((_, i) => !this.#stacked[i] && next[i] && aliased(next[i]) === base);
    const results = ys.flatMap((value, y): Made[] => {
      const base = aliased(value);
      const isAfter = this.#stacked.some((own) => own?.kind === "after" && own.y === y);
      return isAfter || (base.node.op !== "source" && !isUpdated(base)) ? [{ value, y }] : [];
    });
    const carried = this.#stacked.flatMap((own, i): Made[] =>
      own?.kind === "before" ? [{ value: present(next[i]), y: own.y, carry: i }] : [],
    );
    return [...results, ...carried];
  }

  /** Where a step reads a carry. */
  #carryAt(i: number, at: Stretch): Region {
    const stack = this.#stacked[i];
    if (stack === undefined) return this.#carried(i);
    if (stack.kind === "after" && isFirst(at)) return this.#started(i);
    const whole = this.#context.place(present(this.#node.outs.ys[stack.y]));
    return this.#parts.of(whole, at, stack.kind === "after" ? -1 : 0);
  }

  /** Where a step writes a carry that lies in `whole` before each step. */
  #nextAt(i: number, whole: Region, at: Stretch): Region {
    return isLast(at) ? this.#carried(i) : this.#parts.of(whole, at, 1);
  }

  /** Where it is given. */
  #started(i: number): Region {
    return this.#context.place(present(this.#node.ins.carry[i]));
  }

  #carried(i: number): Region {
    return this.#context.place(present(this.#node.outs.carry[i]));
  }

  /** A step's part of `value`, where it lies, or copied from or to there. */
  #bind(value: GraphValue, isInLoop: boolean, direction: "toSlice" | "toWhole"): RegionAt {
    const whole = this.#context.place(value);
    if (!isInLoop && this.#parts.mayStep(whole)) return (at) => this.#parts.of(whole, at);
    const [, ...shape] = whole.type.shape;
    const type = { dtype: whole.type.dtype, shape };
    const buffer = this.#temporary(bytesOf(type));
    const slice = (): Region => ({ buffer, offset: 0, type });
    const [list, why] =
      direction === "toSlice"
        ? [this.#before, "this step's slice"]
        : [this.#after, "this step's part of a result"];
    list.push(this.#parts.copies(whole, slice, direction, why));
    return slice;
  }

  /** Results that the body does not compute in their place: what it is given, and what a carry becomes in its own place. */
  #copyOthers(made: readonly Made[], sources: readonly SourceNode[], bound: readonly RegionAt[]) {
    const { carry, next, ys } = bodyOf(this.#node).graph;
    ys.forEach((value, y) => {
      if (made.some((own) => own.y === y)) return;
      const base = aliased(value);
      const whole = this.#context.place(present(this.#node.outs.ys[y]));
      const isGiven = base.node.op === "source";
      const place = isGiven
        ? sources.indexOf(base.node)
        : carry.findIndex((_, i) => !this.#stacked[i] && next[i] && aliased(next[i]) === base);
      const [list, why] = isGiven
        ? [this.#before, "a result that is given"]
        : [this.#after, "this step's part of a result"];
      list.push(this.#parts.copies(whole, present(bound[place]), "toWhole", why));
    });
  }

  #stepsOf(plan: Plan, bound: readonly RegionAt[]): LoweredStep[] {
    const { reverse } = this.#node.attrs;
    const temporaries = plan.buffers.map(({ kind, bytes }) =>
      kind === "temporary" ? this.#temporary(bytes) : -1,
    );
    const { why } = bodyOf(this.#node);
    const noWalk = why === undefined ? "" : `; no recurrent cell's walk, as ${why}`;
    const stretches = this.#parts.stretches({
      first: this.#stacked.some((own) => own?.kind === "after"),
      last: this.#stacked.some((own) => own?.kind === "before"),
    });
    const steps = stretches.flatMap((at): LoweredStep[] => {
      const moved = plan.buffers.map(({ kind, place }, i) =>
        kind === "temporary"
          ? { buffer: temporaries[i] ?? -1, offset: 0 }
          : present(bound[place])(at),
      );
      const body = [
        ...this.#before.flatMap((calls) => calls(at)),
        ...plan.steps.map((step) => movedTo(moved, step)),
        ...this.#after.flatMap((calls) => calls(at)),
      ];
      const { kind, count } = at;
      if (kind !== "loop") {
        const apart = kind === "only" ? "a scan's only step" : `the ${kind} step of a scan`;
        return body.map((step) => ({ ...step, why: `${step.why}; ${apart}` }));
      }
      const order = reverse ? ", from the last to the first" : "";
      return [
        {
          kind,
          count,
          reverse,
          body,
          label: "scan",
          why: `${count} steps of one plan${order}${noWalk}`,
        },
      ];
    });
    return [...this.#begin(), ...steps, ...this.#end()];
  }

  /** What carries start with is brought to where their first step reads it. */
  #begin(): LoweredCall[] {
    return this.#ends("before", (i, part) => [this.#started(i), part], "what the loop starts with");
  }

  /** What the last step made is brought to where the scan's result is wanted. */
  #end(): LoweredCall[] {
    return this.#ends("after", (i, part) => [part, this.#carried(i)], "what the last step made");
  }

  #ends(
    kind: Stacked["kind"],
    endsOf: (i: number, part: Region) => [from: Region, to: Region],
    why: string,
  ): LoweredCall[] {
    const { steps, reverse } = this.#node.attrs;
    const isAtZero = (kind === "before") !== reverse;
    const at = { kind: "only", from: isAtZero ? 0 : steps - 1, count: 1 } as const;
    return this.#stacked.flatMap((stack, i) => {
      const result = present(this.#node.outs.carry[i]);
      if (stack?.kind !== kind || (kind === "after" && !this.#context.isRead(result))) return [];
      const whole = this.#context.place(present(this.#node.outs.ys[stack.y]));
      const [from, to] = endsOf(i, this.#parts.of(whole, at));
      const calls = this.#context.traits.copy(from, { ...to, type: from.type });
      return calls.map((call): LoweredCall => ({ kind: "call", call, label: "copy", why }));
    });
  }

  #temporary(bytes: number): number {
    return this.#context.buffers.push({ bytes, binding: undefined }) - 1;
  }
}

/** What the body computes for a part of result `y`: that of the step, or, of a carry, that of the step behind. */
interface Made {
  readonly value: GraphValue;
  readonly y: number;
  readonly carry?: number;
}

function isFirst({ kind }: Stretch): boolean {
  return kind === "first" || kind === "only";
}

function isLast({ kind }: Stretch): boolean {
  return kind === "last" || kind === "only";
}

/** One step: bindings in the order carry, xs, captured, with the results that are computed behind them. */
function bodyRequest(
  node: OpNode<"scan">,
  stacked: readonly (Stacked | undefined)[],
  made: readonly Made[],
): PlanRequest {
  const { carry, xs, captured, next } = bodyOf(node).graph;
  const bindings: BindingInfo[] = [];
  const placements = new Map<SourceNode, { binding: number; offset: number }>();
  const bind = (kind: BindingInfo["kind"], source: SourceNode) => {
    const { name, type } = source.holder;
    const binding = bindings.push({ kind, bytes: bytesOf(type), name }) - 1;
    placements.set(source, { binding, offset: 0 });
  };
  for (const [i, source] of carry.entries()) bind(stacked[i] ? "input" : "variable", source);
  for (const source of xs) bind("input", source);
  for (const source of captured) bind("constant", source);
  const updates = carry.flatMap((source, i) => {
    const value = next[i];
    return value === undefined || stacked[i] ? [] : [{ source, value }];
  });
  return { outputs: made.map(({ value }) => value), updates, bindings, placements };
}

/** The bindings that loops of `plan` touch: calls in there know the steps of their own loop only. */
function bindingsInLoops({ steps, buffers }: Plan): Set<number> {
  const operands = steps.filter(({ kind }) => kind === "loop").flatMap(operandsOf);
  return new Set(
    operands.flatMap(({ region }) => {
      const buffer = buffers[region.buffer];
      return buffer?.kind === "binding" ? [buffer.place] : [];
    }),
  );
}

/** `step` with the buffers of its plan where they have been moved to. */
function movedTo(
  moved: readonly Pick<Region, "buffer" | "offset" | "perStep">[],
  step: LoweredStep,
): LoweredStep {
  if (step.kind === "loop") return { ...step, body: step.body.map((own) => movedTo(moved, own)) };
  const operands = step.call.operands.map(({ region, access }) => {
    const { buffer, offset, perStep } = present(moved[region.buffer]);
    const own = { ...region, buffer, offset: offset + region.offset };
    return { region: perStep === undefined ? own : { ...own, perStep }, access };
  });
  return { ...step, call: { ...step.call, operands } };
}
