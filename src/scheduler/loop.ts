/**
 * A scan becomes a loop. Its body is planned as a request of its own: the carry is a variable that is updated, so that
 * hazards and updates in place are found by the same passes; slices of xs and what is captured are inputs. The plan of
 * the body is then moved into the memory of the plan around it: the carry is where the scan's result is wanted, and the
 * body's temporaries are temporaries of that plan. Whatever happens in a step, its calls are the same for all steps, but
 * for the copies between slices and whole sequences, whose words tell the step.
 */
import { InternalError, OutOfMemoryError } from "../errors.ts";
import { bodyOf } from "../graph/body.ts";
import type { GraphValue, OpNode, SourceNode } from "../graph/graph.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf, describe, sizeOf, type TensorType } from "../tensor/shape.ts";
import type { DeviceTraits, Region } from "./lowering.ts";
import type { BindingInfo, LoweredCall, LoweredLoop, LoweredStep, Plan } from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import type { BufferDraft } from "./storage.ts";
import { aliased } from "./work.ts";

/** Plans a graph by itself: `schedule`, which the passes cannot import. */
export type PlanBody = (request: PlanRequest) => Plan;

export function lowerLoop(
  node: OpNode<"scan">,
  place: (value: GraphValue) => Region,
  buffers: BufferDraft[],
  traits: DeviceTraits,
  planBody: PlanBody,
): LoweredStep[] {
  const { steps, reverse } = node.attrs;
  if (steps === 0) return [];
  const { carry, xs, captured } = bodyOf(node).graph;
  const buffer = (bytes: number) => buffers.push({ bytes, binding: undefined }) - 1;
  const scratch = (type: TensorType): Region => ({
    buffer: buffer(bytesOf(type)),
    offset: 0,
    type,
  });
  const regions = new Map<SourceNode, Region>([
    ...carry.map((source, i) => [source, place(required(node.outs.carry[i]))] as const),
    ...xs.map((source) => [source, scratch(source.out.type)] as const),
    ...captured.map((source, i) => [source, place(required(node.ins.captured[i]))] as const),
  ]);
  const regionOf = (source: SourceNode | undefined) => required(regions.get(required(source)));

  const results = resultsOf(node, place);
  const computed = results.filter(({ from }) => from === "body").map(({ value }) => value);
  const slices = new Map(computed.map((value) => [value, scratch(value.type)]));
  const plan = planBody(bodyRequest(node, [...slices.keys()]));
  const body = moveInto(plan, [...regions.values(), ...slices.values()], buffer);

  const wholes = [...node.ins.xs.map(place), ...results.map(({ whole }) => whole)];
  const { why } = bodyOf(node);
  const noWalk = why === undefined ? "" : `; no recurrent cell's walk, as ${why}`;
  const loops = partsOf(wholes, steps, traits).map(([from, count]): LoweredLoop => {
    const part = (whole: Region) => stepsOf(whole, from, count, steps);
    const inputs = xs.flatMap((source, i) => {
      const whole = part(place(required(node.ins.xs[i])));
      return copyStep(traits, whole, regionOf(source), "toSlice", "this step's slice");
    });
    const before = results.flatMap(({ from, whole }) =>
      typeof from === "object" && "given" in from
        ? copyStep(traits, part(whole), regionOf(from.given), "toWhole", "a result that is given")
        : [],
    );
    const after = results.flatMap(({ from, whole, value }) => {
      if (typeof from === "object" && "given" in from) return [];
      const slice = from === "body" ? required(slices.get(value)) : regionOf(from.next);
      return copyStep(traits, part(whole), slice, "toWhole", "this step's part of a result");
    });
    return {
      kind: "loop",
      count,
      reverse,
      body: [...inputs, ...before, ...body, ...after],
      label: "scan",
      why: `${count} steps of one plan${reverse ? ", from the last to the first" : ""}${noWalk}`,
    };
  });
  return reverse ? loops.reverse() : loops;
}

/** First step and count of as few loops as reach over no more of a sequence than a kernel can; one for most. */
function partsOf(
  wholes: readonly Region[],
  steps: number,
  { maxRegionBytes, viewAlignment }: DeviceTraits,
): (readonly [from: number, count: number])[] {
  let most = steps;
  for (const { type } of wholes) {
    const bytes = bytesOf(type) / steps;
    if (bytesOf(type) <= maxRegionBytes) continue;
    const fitting = Math.floor(maxRegionBytes / bytes);
    // A part begins where a view may.
    let unit = 1;
    while (((unit * bytes) / BYTES_PER_ELEMENT) % viewAlignment !== 0) unit++;
    most = Math.min(most, fitting - (fitting % unit));
  }
  if (most === 0) return [[0, steps]];
  return Array.from({ length: Math.ceil(steps / most) }, (_, i) => [
    i * most,
    Math.min(most, steps - i * most),
  ]);
}

/** Of a sequence the steps from `from` on. */
function stepsOf(whole: Region, from: number, count: number, steps: number): Region {
  if (count === steps) return whole;
  const [, ...slice] = whole.type.shape;
  const type = { dtype: whole.type.dtype, shape: [count, ...slice] };
  return { buffer: whole.buffer, offset: whole.offset + from * sizeOf(slice), type };
}

interface LoopResult {
  readonly value: GraphValue;
  /** All steps, [steps, ...]. */
  readonly whole: Region;
  /**
   * Where a step's part is found: in a source of the body, before anything is computed; in the place of a carry, behind
   * the step; or in a place of its own.
   */
  readonly from: { readonly given: SourceNode } | { readonly next: SourceNode } | "body";
}

function resultsOf(node: OpNode<"scan">, place: (value: GraphValue) => Region): LoopResult[] {
  const { carry, next, ys } = bodyOf(node).graph;
  return ys.map((value, k) => {
    const whole = place(required(node.outs.ys[k]));
    const base = aliased(value);
    if (base.node.op === "source") return { value, whole, from: { given: base.node } };
    const carried = carry[next.findIndex((other) => aliased(other) === base)];
    return { value, whole, from: carried === undefined ? "body" : { next: carried } };
  });
}

/** One step: bindings in the order carry, xs, captured, with the results that are computed behind them. */
function bodyRequest(node: OpNode<"scan">, outputs: readonly GraphValue[]): PlanRequest {
  const { carry, xs, captured, next } = bodyOf(node).graph;
  const bindings: BindingInfo[] = [];
  const placements = new Map<SourceNode, { binding: number; offset: number }>();
  const bind = (kind: BindingInfo["kind"]) => (source: SourceNode) => {
    const { name, type } = source.holder;
    const binding = bindings.push({ kind, bytes: bytesOf(type), name }) - 1;
    placements.set(source, { binding, offset: 0 });
  };
  carry.forEach(bind("variable"));
  xs.forEach(bind("input"));
  captured.forEach(bind("constant"));
  const updates = carry.flatMap((source, i) => {
    const value = next[i];
    return value === undefined ? [] : [{ source, value }];
  });
  return { outputs, updates, bindings, placements };
}

/** The steps of `plan` with its bindings at `bound` and its temporaries in buffers of another plan, which `make` gives. */
function moveInto(
  plan: Plan,
  bound: readonly Region[],
  make: (bytes: number) => number,
): LoweredStep[] {
  const moved = plan.buffers.map(({ kind, place, bytes }) =>
    kind === "temporary" ? { buffer: make(bytes), offset: 0 } : required(bound[place]),
  );
  const move = (region: Region): Region => {
    const { buffer, offset } = required(moved[region.buffer]);
    return { ...region, buffer, offset: offset + region.offset };
  };
  const moveStep = (step: LoweredStep): LoweredStep => {
    if (step.kind === "loop") return { ...step, body: step.body.map(moveStep) };
    const operands = step.call.operands.map(({ region, access }) => ({
      region: move(region),
      access,
    }));
    return { ...step, call: { ...step.call, operands } };
  };
  return plan.steps.map(moveStep);
}

function copyStep(
  traits: DeviceTraits,
  whole: Region,
  slice: Region,
  direction: "toSlice" | "toWhole",
  why: string,
): LoweredCall[] {
  if (bytesOf(whole.type) > traits.maxRegionBytes) {
    throw new OutOfMemoryError(
      `scan: a sequence must be no larger than the ${traits.maxRegionBytes} bytes that a kernel can reach; got ${describe(whole.type)}. Use a shorter window or a smaller batch.`,
    );
  }
  return traits
    .copyStep(whole, slice, direction)
    .map((call) => ({ kind: "call", call, label: "copy", why }));
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new InternalError("a scan lacks something that its body needs.");
  return value;
}
