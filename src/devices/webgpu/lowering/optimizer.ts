/** Optimizers over packed tensors: one dispatch for all of them. */
import { InternalError } from "../../../errors.ts";
import { PACK_ALIGNMENT, packedOffsets } from "../../../ops/packed.ts";
import { floatBits, type KernelCall, type Region, type Site } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { lineGrid } from "./grid.ts";
import { finishParts } from "./numbers.ts";
import { read, readWrite, write } from "./operand.ts";
import { combineParts } from "./reduce.ts";

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
  readonly segments: readonly (readonly [number, number])[];
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

/** Calls of a kernel over all segments, as few as parameters allow. */
function overSegments(
  target: WebgpuTarget,
  { segments }: Packed,
  make: (
    part: readonly (readonly [number, number])[],
    words: number[],
    groups: number,
    pass: number,
  ) => KernelCall,
): KernelCall[] {
  const calls: KernelCall[] = [];
  const filled = segments.filter(([start, end]) => end > start);
  for (let from = 0; from < filled.length; from += MAX_SEGMENTS) {
    const part = filled.slice(from, from + MAX_SEGMENTS);
    const elements = part.reduce((sum, [start, end]) => sum + end - start, 0);
    const most = target.isSoftware ? SOFTWARE_GROUPS : MAX_GROUPS;
    const groups = Math.min(most, Math.ceil(elements / THREADS));
    calls.push(
      make(
        part,
        part.flatMap(([start, end]) => [start, end, 0, 0]),
        groups,
        calls.length,
      ),
    );
  }
  return calls;
}

function lowerSumOfSquares(
  target: WebgpuTarget,
  { ins, outs: { out }, finish, scratch }: Site<"sumOfSquares">,
): KernelCall[] {
  const all = packed(ins.xs);
  const filled = all.segments.filter(([start, end]) => end > start);
  const elements = filled.reduce((sum, [start, end]) => sum + end - start, 0);
  const passes = Math.ceil(filled.length / MAX_SEGMENTS);
  const threads = target.isSoftware ? SOFTWARE_SUM_THREADS : THREADS;
  const most = target.isSoftware ? SOFTWARE_SUM_GROUPS : MAX_GROUPS;
  const wanted = Math.min(most, Math.ceil(elements / (threads * 4)));
  // Every pass writes a range of its own, and ranges start at multiples of 64 elements.
  const groups = passes > 1 ? Math.ceil(wanted / PACK_ALIGNMENT) * PACK_ALIGNMENT : wanted;
  const partial = scratch({ dtype: "f32", shape: [passes * groups, 1] });
  const calls = overSegments(target, all, (part, segmentWords, _groups, pass) => {
    const range = {
      ...partial,
      offset: partial.offset + pass * groups,
      type: { dtype: "f32", shape: [groups] },
    } as const;
    return {
      kernel: "optimizer/sum_of_squares",
      constants: { SEGMENTS: part.length, THREADS: threads },
      operands: [read(all.region), write(range)],
      words: [groups * threads, groups, 0, 0, ...segmentWords],
      grid: lineGrid(groups),
    };
  });
  if (finish === undefined) return [...calls, combineParts(target, "sum", partial, out, 1)];
  const total = { combine: "sum", dtype: "f32" } as const;
  return [...calls, finishParts(target, [total], partial, passes * groups, finish)];
}

function lowerSgd(target: WebgpuTarget, { ins, attrs }: Site<"sgd">): KernelCall[] {
  const parameters = packed(ins.parameters);
  const gradients = packed(ins.gradients);
  return overSegments(target, parameters, (part, segmentWords, groups) => ({
    kernel: "optimizer/sgd",
    constants: { SEGMENTS: part.length, NESTEROV: attrs.nesterov ? 1 : 0, THREADS },
    operands: [
      readWrite(parameters.region),
      read(gradients.region),
      readWrite(ins.velocity),
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
  return overSegments(target, parameters, (part, segmentWords, groups) => ({
    kernel: "optimizer/adam",
    constants: { SEGMENTS: part.length, THREADS },
    operands: [
      readWrite(parameters.region),
      read(gradients.region),
      readWrite(ins.m),
      readWrite(ins.v),
      read(ins.learningRate),
      read(ins.step),
      read(ins.scale),
      read(ins.apply),
    ],
    words: [groups * THREADS, ...floats.map(floatBits), 0, 0, 0, ...segmentWords],
    grid: lineGrid(groups),
  }));
}
