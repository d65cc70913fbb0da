/** Optimizers over packed tensors: one dispatch for all of them. */
import { InternalError } from "../../../errors.ts";
import { PACK_ALIGNMENT, packedOffsets } from "../../../ops/packed.ts";
import { floatBits, type KernelCall, type Region, type Site } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { type Lowerings, maxBytes, type WebgpuTarget } from "../target.ts";
import { alignedDown, elementsOf } from "./divide.ts";
import { lineGrid } from "./grid.ts";
import { lowerNumbers } from "./numbers.ts";
import { read, readWrite, write } from "./operand.ts";

const THREADS = 128;
/** So many workgroups fill a large GPU; more would only make more partial sums. */
const MAX_GROUPS = 512;
/** On a software adapter what an invocation does before its first element is paid by many. */
const SOFTWARE_GROUPS = 16;
/** Barriers over more invocations than a software adapter runs at a time are switches of fibres. */
const SOFTWARE_SUM_THREADS = 4;
const SOFTWARE_SUM_GROUPS = 64;
/** A uniform buffer has room for 4096 segments of 16 bytes, less the other parameters. */
const MAX_SEGMENTS = 4000;

export function optimizerLowerings(
  target: WebgpuTarget,
): Lowerings<"sumOfSquares" | "sgd" | "adam"> {
  return {
    sumOfSquares: (site) => lowerSumOfSquares(target, site),
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
    pass: number,
  ) => KernelCall,
): KernelCall[] {
  const parts = partsOf(packed, maxBytes(target.limits));
  return parts.map(({ start, length, segments }, pass) => {
    const elements = segments.reduce((sum, [from, to]) => sum + to - from, 0);
    const most = target.isSoftware ? SOFTWARE_GROUPS : MAX_GROUPS;
    const groups = Math.min(most, Math.ceil(elements / THREADS));
    const words = segments.flatMap(([from, to]) => [from, to, 0, 0]);
    const range = (whole: Region) => (parts.length > 1 ? elementsOf(whole, start, length) : whole);
    return make(segments, words, groups, range, pass);
  });
}

function lowerSumOfSquares(
  target: WebgpuTarget,
  { ins, outs: { out }, finish, scratch }: Site<"sumOfSquares">,
): KernelCall[] {
  const all = packed(ins.xs);
  const watched = ins.watched.length > 0 ? [packed(ins.watched).region] : [];
  const filled = all.segments.filter(([start, end]) => end > start);
  const elements = filled.reduce((sum, [start, end]) => sum + end - start, 0);
  const passes = partsOf(all, maxBytes(target.limits)).length;
  const threads = target.isSoftware ? SOFTWARE_SUM_THREADS : THREADS;
  const most = target.isSoftware ? SOFTWARE_SUM_GROUPS : MAX_GROUPS;
  const wanted = Math.min(most, Math.ceil(elements / (threads * 4)));
  // Every pass writes a range of its own, and ranges start at multiples of 64 elements.
  const groups = passes > 1 ? Math.ceil(wanted / PACK_ALIGNMENT) * PACK_ALIGNMENT : wanted;
  const partial = scratch({ dtype: "f32", shape: [passes * groups, 1] });
  const calls = overSegments(target, all, (part, segmentWords, _groups, range, pass) => {
    const own = elementsOf(partial, pass * groups, groups);
    return {
      kernel: "optimizer/sum_of_squares",
      constants: { SEGMENTS: part.length, WATCHED: watched.length, THREADS: threads },
      operands: [
        read(range(all.region)),
        ...watched.map((region) => read(range(region))),
        write(own),
      ],
      words: [groups * threads, groups, 0, 0, ...segmentWords],
      grid: lineGrid(groups),
    };
  });
  const input = { kind: "input", input: 0, dtype: "f32" } as const;
  const one = { inputStrides: [[1]], instructions: [input], outputs: [0] };
  const last = lowerNumbers(target, {
    terms: { ...one, shape: [passes * groups] },
    ins: [partial],
    combines: ["sum"],
    finish: finish ?? { program: { ...one, shape: [] }, numbers: [], outs: [out] },
    scratch,
  });
  return [...calls, ...last];
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
