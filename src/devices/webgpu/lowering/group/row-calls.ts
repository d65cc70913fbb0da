/**
 * Groups that reduce rows: a call, or, where workgroups share rows, one that leaves totals of parts and one that
 * combines them and finishes. Where tensors are too large to be bound, boxes of the space are parts, too.
 */
import type { GroupProgram } from "../../../../scheduler/group-program.ts";
import type { GroupSite, KernelCall, Region } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { BINDING_ELEMENTS, type Box, elementsOf } from "../divide.ts";
import { boxesOfProgram, needsBoxes, partOf } from "./large.ts";
import { mergedProgram } from "./merge.ts";
import { finishOf, type Totals, totalsOf } from "./parts.ts";
import { rowKernelOf } from "./row-kernel.ts";
import { rowsCall } from "./rows.ts";

/** For a program whose dimensions are merged. */
export function lowerRows(target: WebgpuTarget, site: GroupSite): readonly KernelCall[] {
  const { program, ins, outs } = site;
  const most = maxBytes(target.limits);
  const boxes = needsBoxes(program, [...ins, ...outs], most)
    ? boxesOfProgram(program, most)
    : undefined;
  if (boxes === undefined) return lowerWhole(target, site);
  return rangesOf(program, boxes).flatMap((range) => lowerRange(target, site, range));
}

/** Where everything can be bound. */
function lowerWhole(target: WebgpuTarget, site: GroupSite): readonly KernelCall[] {
  const { program, ins, outs, scratch } = site;
  const kernel = rowKernelOf(target, program, ins, outs);
  const { parts, rows } = kernel.layout;
  if (parts === 1) return [rowsCall(kernel)];
  const count = kernel.parts.stages[0]?.reduces.length ?? 0;
  const partial = scratch({ dtype: "u32", shape: [count, parts, rows] });
  return [
    partialCall(target, site, partial, parts),
    ...finish(target, site, partial, { shape: [parts], strides: [rows], stride: parts * rows }),
  ];
}

/** The totals of so many parts, to `partial` [totals, parts, rows]; what each element has is stored, too. */
function partialCall(
  target: WebgpuTarget,
  { program, ins, outs }: GroupSite,
  partial: Region,
  parts: number,
): KernelCall {
  const first = totalsOf(program);
  const stored = first.stores.flatMap((store) => outs[program.stores.indexOf(store)] ?? []);
  return rowsCall(rowKernelOf(target, first, ins, [...stored, partial], parts));
}

function finish(
  target: WebgpuTarget,
  { program, ins, outs, scratch }: GroupSite,
  partial: Region,
  totals: Totals,
): readonly KernelCall[] {
  const last = finishOf(program, totals);
  const count = last.program.inputs.length - last.inputs.length;
  return lowerRows(target, {
    program: mergedProgram(last.program),
    ins: [
      ...Array.from({ length: count }, () => partial),
      ...last.inputs.flatMap((i) => ins[i] ?? []),
    ],
    outs: last.outs.flatMap((o) => outs[o] ?? []),
    scratch,
  });
}

/** Some rows, in the boxes that their elements are cut into. */
interface Range {
  readonly rows: Box;
  readonly boxes: readonly Box[];
}

function rangesOf({ shape, kept }: GroupProgram, boxes: readonly Box[]): Range[] {
  const columns = shape.slice(kept);
  const ranges = new Map<string, { rows: Box; boxes: Box[] }>();
  for (const box of boxes) {
    const [starts, sizes] = [box.starts.slice(0, kept), box.shape.slice(0, kept)];
    const key = `${starts} ${sizes}`;
    const rows = {
      starts: [...starts, ...columns.map(() => 0)],
      shape: [...sizes, ...columns],
    };
    const range = ranges.get(key) ?? { rows, boxes: [] };
    range.boxes.push(box);
    ranges.set(key, range);
  }
  return [...ranges.values()];
}

function siteOf({ program, ins, outs, scratch }: GroupSite, box: Box): GroupSite {
  const part = partOf(program, ins, outs, box);
  return { program: mergedProgram(part.program), ins: part.ins, outs: part.outs, scratch };
}

function lowerRange(
  target: WebgpuTarget,
  site: GroupSite,
  { rows: range, boxes }: Range,
): readonly KernelCall[] {
  const [first] = boxes;
  if (first === undefined) return [];
  if (boxes.length === 1) return lowerWhole(target, siteOf(site, first));
  const kernel = rowKernelOf(target, siteOf(site, first).program, site.ins, site.outs);
  const { parts, rows } = kernel.layout;
  const count = (kernel.parts.stages[0]?.reduces.length ?? 0) * parts * rows;
  // Each box's begin where a binding may.
  const room = Math.ceil(count / BINDING_ELEMENTS) * BINDING_ELEMENTS;
  const partial = site.scratch({ dtype: "u32", shape: [boxes.length * room] });
  const calls = boxes.map((box, b) =>
    partialCall(target, siteOf(site, box), elementsOf(partial, b * room, count), parts),
  );
  const totals = {
    shape: [boxes.length, parts],
    strides: [room, rows],
    stride: parts * rows,
  };
  return [...calls, ...finish(target, rowSite(site, range), partial, totals)];
}

/** Only what a row has once is looked at: that of its elements need not be bound. */
function rowSite(site: GroupSite, range: Box): GroupSite {
  const part = partOf(site.program, site.ins, site.outs, range);
  return { ...site, program: part.program, ins: part.ins, outs: part.outs };
}

/** Whether the calls of a program can be made whatever is too large in it. */
export function canLowerRows(target: WebgpuTarget, program: GroupProgram): boolean {
  const merged = mergedProgram(program);
  return (
    sizeOf(merged.shape) === 0 || boxesOfProgram(merged, maxBytes(target.limits)) !== undefined
  );
}
