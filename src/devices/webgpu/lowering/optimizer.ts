/** Optimizers over packed tensors: one dispatch for all of them. */
import { InternalError } from "../../../errors.ts";
import { squaresRun } from "../../../ops/optimizer.ts";
import { packedOffsets } from "../../../ops/packed.ts";
import { floatBits, type KernelCall, type Region, type Site } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { alignedDown, elementsOf } from "./divide.ts";
import { lineGrid } from "./grid.ts";
import { read, readWrite, write } from "./operand.ts";

const THREADS = 128;
/** So many workgroups fill a large GPU; more would only make more partial sums. */
const MAX_GROUPS = 512;
/** On a software adapter what an invocation does before its first element is paid by many. */
const SOFTWARE_GROUPS = 16;
/** Barriers over more invocations than a software adapter runs at a time are switches of fibres. */
const SOFTWARE_SUM_THREADS = 4;
/** A uniform buffer has room for 4096 segments of 16 bytes, less the other parameters. */
const MAX_SEGMENTS = 4000;

export function optimizerLowerings(target: WebgpuTarget): Lowerings<"squareSums" | "sgd" | "adam"> {
  return {
    squareSums: (site) => lowerSquareSums(target, site),
    sgd: (site) => lowerSgd(target, site),
    adam: (site) => lowerAdam(target, site),
  };
}

/** Tensors one behind the other in one buffer, as a region that covers them all. */
interface Packed {
  readonly region: Region;
  /** First element and end of each tensor, from the region's start. */
  readonly segments: readonly Segment[];
}

function packed(regions: readonly Region[]): Packed {
  const [first] = regions;
  const { offsets, length } = packedOffsets(regions.map(({ type }) => type.shape));
  if (first === undefined) throw new InternalError("optimizer: there must be a tensor.");
  regions.forEach((region, i) => {
    if (region.buffer === first.buffer && region.offset === first.offset + (offsets[i] ?? 0))
      return;
    throw new InternalError(`optimizer: tensor ${i} must lie packed behind the one before it.`);
  });
  const segments = regions.map(({ type }, i) => {
    const start = offsets[i] ?? 0;
    return [start, start + sizeOf(type.shape)] as const;
  });
  return { region: { ...first, type: { dtype: "f32", shape: [length] } }, segments };
}

type Segment = readonly [start: number, end: number];

/** Segments, from its start, of a range that can be bound. */
interface Part {
  readonly start: number;
  readonly length: number;
  readonly segments: readonly Segment[];
}

/** As few ranges as parameters and what can be bound allow; a tensor that is larger lies in several. */
function partsOf({ segments }: Packed, maxBytes: number): Part[] {
  const most = alignedDown(maxBytes / BYTES_PER_ELEMENT);
  const parts: { start: number; length: number; segments: Segment[] }[] = [];
  for (const [start, end] of segments) {
    for (let from = start; from < end; ) {
      let part = parts.at(-1);
      if (
        part === undefined ||
        part.segments.length === MAX_SEGMENTS ||
        from >= part.start + most
      ) {
        part = { start: parts.length === 0 ? 0 : from, length: 0, segments: [] };
        parts.push(part);
      }
      const to = Math.min(end, part.start + most);
      part.segments.push([from - part.start, to - part.start]);
      part.length = to - part.start;
      from = to;
    }
  }
  return parts;
}

/** Calls of a kernel over all segments; `range` gives the part's range of a packed tensor. */
function overSegments(
  target: WebgpuTarget,
  packed: Packed,
  make: (
    segments: readonly Segment[],
    words: number[],
    groups: number,
    range: (whole: Region) => Region,
  ) => KernelCall,
): KernelCall[] {
  const parts = partsOf(packed, maxBytes(target.limits));
  return parts.map(({ start, length, segments }) => {
    const elements = segments.reduce((sum, [from, to]) => sum + to - from, 0);
    const most = target.isSoftware ? SOFTWARE_GROUPS : MAX_GROUPS;
    const groups = Math.min(most, Math.ceil(elements / THREADS));
    const words = segments.flatMap(([from, to]) => [from, to, 0, 0]);
    const range = (whole: Region) => (parts.length > 1 ? elementsOf(whole, start, length) : whole);
    return make(segments, words, groups, range);
  });
}

/** A workgroup for each partial sum. Calls are divided where the tensors are larger than what can be bound. */
function lowerSquareSums(
  target: WebgpuTarget,
  { ins, outs: { out } }: Site<"squareSums">,
): KernelCall[] {
  const { region: xs, segments } = packed(ins.xs);
  const watched = ins.watched.length > 0 ? packed(ins.watched).region : undefined;
  const length = sizeOf(xs.type.shape);
  const sums = sizeOf(out.type.shape);
  const run = squaresRun(length);
  const most = Math.floor(maxBytes(target.limits) / BYTES_PER_ELEMENT / run);
  const calls: KernelCall[] = [];
  for (let first = 0; first < sums; ) {
    const start = first * run;
    let groups = Math.min(most, sums - first);
    let own = segmentsIn(segments, start, start + groups * run);
    while (own.length > MAX_SEGMENTS) {
      groups = Math.ceil(groups / 2);
      own = segmentsIn(segments, start, start + groups * run);
    }
    const range = elementsOf(xs, start, Math.min(groups * run, length - start));
    const beside = watched && besides(watched, start, range);
    calls.push({
      kernel: "optimizer/square_sums",
      constants: {
        SEGMENTS: own.length,
        WATCHED: beside ? 1 : 0,
        THREADS: target.isSoftware ? SOFTWARE_SUM_THREADS : THREADS,
      },
      operands: [read(range), ...(beside ? [read(beside)] : []), write(out)],
      words: [
        groups,
        run,
        first,
        beside ? sizeOf(beside.type.shape) : 0,
        ...own.flatMap(([from, to]) => [from, to, 0, 0]),
      ],
      grid: lineGrid(groups),
    });
    first += groups;
  }
  return calls;
}

/** What lies of the segments in [start, end), from its start; a segment of nothing where there is none. */
function segmentsIn(segments: readonly Segment[], start: number, end: number): Segment[] {
  const own = segments.flatMap(([from, to]): Segment[] => {
    const segment = [Math.max(from, start) - start, Math.min(to, end) - start] as const;
    return segment[0] < segment[1] ? [segment] : [];
  });
  return own.length === 0 ? [[0, 0]] : own;
}

/** What of `watched`, which may be for the first of all xs only, lies beside those of a range that begins at `start`. */
function besides(watched: Region, start: number, xs: Region): Region | undefined {
  const length = Math.min(sizeOf(watched.type.shape) - start, sizeOf(xs.type.shape));
  return length > 0 ? elementsOf(watched, start, length) : undefined;
}

function lowerSgd(target: WebgpuTarget, { ins, attrs }: Site<"sgd">): KernelCall[] {
  const parameters = packed(ins.parameters);
  const gradients = packed(ins.gradients);
  return overSegments(target, parameters, (part, segmentWords, groups, range) => ({
    kernel: "optimizer/sgd",
    constants: { SEGMENTS: part.length, NESTEROV: attrs.nesterov ? 1 : 0, THREADS },
    operands: [
      readWrite(range(parameters.region)),
      read(range(gradients.region)),
      readWrite(range(ins.velocity)),
      read(ins.learningRate),
      read(ins.scale),
      read(ins.apply),
    ],
    words: [
      groups * THREADS,
      floatBits(attrs.momentum),
      floatBits(attrs.weightDecay),
      0,
      ...segmentWords,
    ],
    grid: lineGrid(groups),
  }));
}

function lowerAdam(target: WebgpuTarget, { ins, attrs }: Site<"adam">): KernelCall[] {
  const parameters = packed(ins.parameters);
  const gradients = packed(ins.gradients);
  const { beta1, beta2, epsilon, weightDecay } = attrs;
  // The logarithm of a beta of 0 stands for "gone after one step".
  const logarithm = (beta: number) => Math.max(-100, Math.log(beta));
  const floats = [
    beta1,
    beta2,
    1 - beta1,
    1 - beta2,
    logarithm(beta1),
    logarithm(beta2),
    epsilon,
    weightDecay,
  ];
  return overSegments(target, parameters, (part, segmentWords, groups, range) => ({
    kernel: "optimizer/adam",
    constants: { SEGMENTS: part.length, THREADS },
    operands: [
      readWrite(range(parameters.region)),
      read(range(gradients.region)),
      readWrite(range(ins.m)),
      readWrite(range(ins.v)),
      read(ins.learningRate),
      read(ins.step),
      read(ins.scale),
      read(ins.apply),
    ],
    words: [groups * THREADS, ...floats.map(floatBits), 0, 0, 0, ...segmentWords],
    grid: lineGrid(groups),
  }));
}
