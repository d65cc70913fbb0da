/**
 * Groups on tensors that are larger than what a shader can bind: the space is cut into boxes, each of which reaches a
 * range of every tensor that can be bound.
 */
import { type Segment, segmentsIn } from "../../../../ops/packed.ts";
import type { GroupProgram, View } from "../../../../scheduler/group-program.ts";
import type { Region } from "../../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../../tensor/dtype.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { alignedDown, type Box, boxesOf, elementsOf, isLarge } from "../divide.ts";
import { MAX_TENSORS } from "./pieces.ts";

/** A program on ranges of its regions. */
export interface Part {
  readonly program: GroupProgram;
  readonly ins: readonly Region[];
  readonly outs: readonly Region[];
  readonly box: Box;
}

/** Whether a program is more than one call can do. */
export function needsBoxes(
  { segments }: GroupProgram,
  regions: readonly Region[],
  mostBytes: number,
): boolean {
  return isLarge(regions, mostBytes) || (segments?.length ?? 0) > MAX_TENSORS;
}

/** Undefined where it would take too many. Dimensions are cut whose neighbours lie farthest apart. */
export function boxesOfProgram(program: GroupProgram, mostBytes: number): Box[] | undefined {
  const { shape, inputs, stores } = program;
  const views = [...inputs, ...stores];
  const reach = shape.map((_, d) => Math.max(...views.map(({ strides }) => strides[d] ?? 0)));
  const order = shape.map((_, d) => d).sort((a, b) => (reach[b] ?? 0) - (reach[a] ?? 0));
  const sorted = <T>(list: readonly T[]): T[] => order.flatMap((d) => list[d] ?? []);
  const boxes = boxesOf(
    sorted(shape),
    views.map(({ strides }) => sorted(strides)),
    mostBytes / BYTES_PER_ELEMENT,
  );
  const unsorted = (list: readonly number[]) => shape.map((_, d) => list[order.indexOf(d)] ?? 0);
  const found = boxes?.map((box) => ({
    starts: unsorted(box.starts),
    shape: unsorted(box.shape),
  }));
  const { segments } = program;
  return segments ? found?.flatMap((box) => boxesOfPack(segments, box)) : found;
}

/** Parts of a box in each of which few enough tensors begin. */
function boxesOfPack(segments: readonly Segment[], { starts, shape }: Box): Box[] {
  const [from = 0, length = 0] = [starts[0], shape[0]];
  const own = segmentsIn(segments, from, length).filter((_, i) => i % MAX_TENSORS === 0);
  return own.map(({ start }, i) => {
    const end = own[i + 1]?.start ?? length;
    const first = i === 0 ? 0 : start;
    return { starts: [from + first], shape: [end - first] };
  });
}

/** The part of a program that does what is in `box`. */
export function partOf(
  program: GroupProgram,
  ins: readonly Region[],
  outs: readonly Region[],
  box: Box,
): Part {
  const beginning = ({ offset, strides }: View) =>
    box.starts.reduce((at, start, d) => at + start * (strides[d] ?? 0), offset);
  const ranges = <V extends View>(views: readonly V[], regions: readonly Region[]) =>
    views.map((view, i) => rangeOf(view, beginning(view), regions[i], box.shape));
  const [reads, writes] = [ranges(program.inputs, ins), ranges(program.stores, outs)];
  return {
    program: {
      ...program,
      shape: box.shape,
      inputs: reads.map(({ view }) => view),
      indices: program.indices.map((view) => ({ ...view, offset: beginning(view) })),
      stores: writes.map(({ view }) => view),
      ...(program.segments && {
        segments: segmentsIn(program.segments, box.starts[0] ?? 0, box.shape[0] ?? 0),
      }),
    },
    ins: reads.flatMap(({ region }) => region ?? []),
    outs: writes.flatMap(({ region }) => region ?? []),
    box,
  };
}

/** What of `region` is reached, from where a binding may begin on; a view may reach beyond it where it is masked. */
function rangeOf<V extends View>(
  view: V,
  from: number,
  region: Region | undefined,
  shape: readonly number[],
): { readonly view: V; readonly region: Region | undefined } {
  if (region === undefined) return { view, region };
  const length = sizeOf(region.type.shape);
  const last = shape.reduce((at, n, d) => at + (n - 1) * (view.strides[d] ?? 0), from);
  // What lies beside it altogether has some of its elements bound, for there is no empty binding.
  const begin = alignedDown(Math.max(0, Math.min(from, length - 1)));
  const end = Math.max(begin + 1, Math.min(last + 1, length));
  return {
    view: { ...view, offset: from - begin },
    region: elementsOf(region, begin, end - begin),
  };
}
