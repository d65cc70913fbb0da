import { InternalError, OutOfMemoryError } from "../errors.ts";
import { flatten, type GraphValue, type OpNode } from "../graph/graph.ts";
import { mapValues } from "../graph/rebuild.ts";
import { ops, overwritesOf } from "../ops/table.ts";
import type { Arity, KernelOp, OpName } from "../ops/vocabulary.ts";
import { bytesOf, describe, sizeOf, type TensorType } from "../tensor/shape.ts";
import { isAttention, isWalk } from "./expand.ts";
import { lowerLoop, type PlanBody } from "./loop.ts";
import {
  type Access,
  type DeviceTraits,
  type FallbackCall,
  isFallback,
  type KernelCall,
  type Lower,
  type Region,
  type Site,
} from "./lowering.ts";
import type { BufferDraft } from "./places.ts";
import { callsOf, type LoweredCall, type LoweredStep } from "./plan.ts";
import { isReduced } from "./space.ts";
import type { PlacedWork, Storage } from "./storage.ts";
import { isStack, sitesOf } from "./walk-layers.ts";
import type { GroupWork, OpWork, WalksWork } from "./work.ts";

/** What the lowering of one item needs to know. */
interface Context {
  readonly place: (value: GraphValue) => Region;
  readonly isRead: (value: GraphValue) => boolean;
  /** Scratch memory is added to it. */
  readonly buffers: BufferDraft[];
  readonly traits: DeviceTraits;
  readonly planBody: PlanBody;
}

/** Turns placed work into steps of calls of the device's kernels; scratch memory is added to `buffers`. */
export function lower(
  storage: Storage,
  buffers: BufferDraft[],
  traits: DeviceTraits,
  planBody: PlanBody,
): LoweredStep[] {
  const { regionOf: place, isRead } = storage;
  const context = { place, isRead, buffers, traits, planBody };
  const steps = storage.sequence.flatMap((item) => lowerItem(item, context));
  for (const { call, label } of callsOf(steps))
    if (!isFallback(call)) checkReach(call, label, traits);
  return steps;
}

/** @throws OutOfMemoryError where a kernel would have to reach over more than the device lets it */
function checkReach(call: KernelCall, label: string, { name, maxRegionBytes }: DeviceTraits): void {
  for (const { region } of call.operands) {
    if (bytesOf(region.type) <= maxRegionBytes) continue;
    throw new OutOfMemoryError(
      `${label}: a kernel reaches over at most ${maxRegionBytes} bytes on this ${name} device, and this work cannot be divided; got ${describe(region.type)}. Use smaller batches${name === "cpu" ? "" : ", or the cpu device"}.`,
    );
  }
}

function lowerItem(item: PlacedWork, context: Context): LoweredStep[] {
  const { traits } = context;
  if (item.kind === "copy") return asSteps(traits.copy(item.from, item.to), "copy", item.why);
  const { work } = item;
  if (work.kind === "op") return lowerOp(work, item.copied, context);
  if (work.kind === "walks") return lowerWalks(work, context);
  if (work.outs.every((out) => sizeOf(out.type.shape) === 0)) return [];
  return lowerGroup(work, context);
}

/** Calls as steps of a plan. */
function asSteps(
  calls: readonly (KernelCall | FallbackCall)[],
  label: string,
  why: string,
): LoweredCall[] {
  return calls.map((call) => ({ kind: "call", call, label, why }));
}

function lowerWalks({ op, layers, label }: WalksWork, context: Context): LoweredStep[] {
  const { place, buffers, traits } = context;
  const placed = sitesOf(layers).map(({ site, below }) => ({
    site: { ...site, ins: mapValues(site.ins, place), outs: mapValues(site.outs, place) },
    ...(below && { below: { input: place(below.input), bias: below.bias && place(below.bias) } }),
  }));
  const lowerLayers = traits.walks?.together?.lower[op];
  if (lowerLayers === undefined)
    throw new InternalError(`${traits.name} walks no layers together.`);
  // Layers of the very op; the compiler cannot follow that through the union.
  const calls = lowerLayers(placed as never, scratchIn(buffers));
  const { name } = layers[0]?.node.attrs.cell ?? { name: op };
  const how = isStack(layers) ? "each a step behind the one that it waits for" : "side by side";
  return asSteps(calls, label, `${layers.length} layers of ${name} in one walk, ${how}`);
}

function lowerGroup(work: GroupWork, context: Context): LoweredStep[] {
  const { place, buffers, traits } = context;
  const { program, label } = work;
  const ins = work.ins.map(place);
  const outs = work.outs.map(place);
  const scratch = scratchIn(buffers);
  return asSteps(traits.groups.lower({ program, ins, outs, scratch }), label, whyGroup(work));
}

function whyGroup({ program, ins, space, end }: GroupWork): string {
  const isChain = program.instructions.length > ins.length + 1;
  const kind = isReduced(space)
    ? "reductions with the elementwise ops around them"
    : isChain
      ? "a chain of elementwise ops in one pass"
      : "elementwise";
  return end === "" ? kind : `${kind}; ends here: ${end}`;
}

function scratchIn(buffers: BufferDraft[]): (type: TensorType) => Region {
  return (type) => ({
    buffer: buffers.push({ bytes: bytesOf(type), binding: undefined }) - 1,
    offset: 0,
    type,
  });
}

function lowerOp(
  work: OpWork,
  copied: ReadonlyMap<string, readonly Region[]>,
  context: Context,
): LoweredStep[] {
  const { node } = work;
  const { place, buffers, traits } = context;
  if (node.op === "scan") return lowerLoop(node, context);
  const placeHeld = (held: object, copies?: ReadonlyMap<string, readonly Region[]>) =>
    Object.fromEntries(
      Object.entries(held).map(([name, entry]) => {
        const copy = copies?.get(name);
        if (entry === undefined) return [name, undefined];
        if (Array.isArray(entry)) return [name, copy ?? entry.map(place)];
        return [name, copy?.[0] ?? place(entry as GraphValue)];
      }),
    );
  const ins = placeHeld(node.ins, copied);
  const outs = outsOf(work, placeHeld);
  const declared = ops[node.op];
  const written = flatten<Region>(declared.outputs, outs);
  if (written.every((region) => sizeOf(region.type.shape) === 0)) return [];
  const types = [...flatten<Region>(declared.inputs, ins), ...written].map(({ type }) => type);
  if (!isWalk(node) && !isAttention(node)) {
    const why = whyFallback(node, types, traits);
    if (why !== undefined) return fallback(node, ins, outs, why);
  }
  const site = {
    ins,
    outs,
    attrs: node.attrs,
    epilogue: work.epilogue && {
      program: work.epilogue.program,
      ins: work.epilogue.ins.map((value) => value && place(value)),
      more: work.epilogue.more.map(place),
    },
    columnSums: work.columnSums && place(work.columnSums),
    scratch: scratchIn(buffers),
  };
  const calls = loweringOf(node.op, traits)(site as unknown as Site<never>);
  const reason =
    work.epilogue === undefined
      ? `${traits.name} kernel`
      : `${traits.name} kernel, which does what follows before it stores`;
  return asSteps(calls, work.label, reason);
}

/** An op's row of the table. The site belongs to the same op; the compiler cannot follow that through the union. */
function loweringOf(
  op: Exclude<OpName, "scan">,
  { name, lower, walks, attention }: DeviceTraits,
): Lower<never> {
  const row =
    lower[op as keyof typeof lower] ??
    walks?.lower[op as keyof typeof walks.lower] ??
    attention?.lower[op as keyof typeof attention.lower];
  if (typeof row !== "function") throw new InternalError(`${name} has no kernel for ${op}.`);
  return row as Lower<never>;
}

/** Where the outputs go, by name. What is hosted may be of another shape, but lies like the op's own result. */
function outsOf(
  { node, result }: OpWork,
  placeHeld: (held: object) => Record<string, Region | Region[] | undefined>,
): Record<string, Region | Region[] | undefined> {
  if (result === undefined || !("out" in node.outs)) return placeHeld(node.outs);
  const { type } = node.outs.out;
  const { out, ...others } = placeHeld({ ...node.outs, out: result });
  return { out: { ...(out as Region), type }, ...others }; // one value has one region
}

/** Why the device cannot run `node`, or undefined if it can. */
export function whyFallback(
  node: OpNode<KernelOp>,
  types: readonly TensorType[],
  traits: DeviceTraits,
): string | undefined {
  const entry = traits.lower[node.op as keyof DeviceTraits["lower"]];
  if (typeof entry !== "function") return entry.fallback;
  const large = types.find((type) => bytesOf(type) > traits.maxRegionBytes);
  if (large === undefined || !traits.hasFallback || traits.divides?.(node)) return undefined;
  return `${describe(large)} is larger than the ${traits.maxRegionBytes} bytes that a kernel can reach`;
}

function fallback(
  node: OpNode<KernelOp>,
  ins: Readonly<Record<string, Region | Region[] | undefined>>,
  outs: Readonly<Record<string, Region | Region[] | undefined>>,
  why: string,
): LoweredStep[] {
  const { inputs, outputs } = ops[node.op];
  const overwrites: readonly unknown[] = Object.keys(overwritesOf(node.op, node.attrs));
  const operands = [
    ...present(inputs, ins).flatMap(([, regions]) =>
      regions.map((region) => ({ region, access: "read" as Access })),
    ),
    ...present(outputs, outs).flatMap(([name, regions]) =>
      regions.map((region) => ({
        region,
        access: (overwrites.includes(name) ? "readwrite" : "write") as Access,
      })),
    ),
  ];
  const call: FallbackCall = {
    kernel: "fallback",
    op: node.op,
    attrs: node.attrs,
    operands,
    presentInputs: counts(inputs, ins),
    presentOutputs: counts(outputs, outs),
    why,
  };
  return asSteps([call], node.op, why);
}

type Held = Readonly<Record<string, Region | Region[] | undefined>>;

function present(declared: Readonly<Record<string, Arity>>, held: Held): [string, Region[]][] {
  return Object.keys(declared).flatMap((name) => {
    const entry = held[name];
    return entry === undefined ? [] : [[name, [entry].flat()] satisfies [string, Region[]]];
  });
}

function counts(declared: Readonly<Record<string, Arity>>, held: Held): Record<string, number> {
  return Object.fromEntries(
    present(declared, held).map(([name, regions]) => [name, regions.length]),
  );
}
