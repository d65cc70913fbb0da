/**
 * How a recurrent layer's steps are dispatched. All of them in one dispatch, where a workgroup owns a few rows of the
 * batch and all units: nothing has to wait for another workgroup, and the number of dispatches does not grow with T.
 * It needs an invocation a unit and workgroup memory for the gates of a row, so large U take a dispatch a step.
 */
import type { Extent } from "../../../ops/tapes.ts";
import type { WebgpuLimits, WebgpuTarget } from "../target.ts";

export type RecurrentMode =
  | StepsMode
  | { readonly kind: "softwareSteps"; readonly rows: 1 | 2 | 4 | 8; readonly unitsEach: number }
  | StepMode
  /** Each unit of each row alone: for cells without a product in their steps, which are not asked about. */
  | { readonly kind: "apart" };

/** All steps in one dispatch: see shaders/lib/recurrent_steps. */
export interface StepsMode {
  readonly kind: "steps";
  readonly rows: 1 | 2 | 4;
  /** Invocations that share a unit's sums, at least `each`. */
  readonly slices: number;
  /** Units of an invocation, a divisor of U. */
  readonly each: number;
  /** Of the weights that an invocation multiplies with for a unit, those in registers, and in workgroup memory. */
  readonly kept: number;
  readonly held: number;
  /** Of the others, those under way at a time, at most. */
  readonly unroll: number;
}

/** A dispatch a step: see shaders/lib/recurrent_step. */
export interface StepMode {
  readonly kind: "step";
  /** Invocations along units, and units of an invocation. */
  readonly across: number;
  readonly each: number;
  /** Times 4 rows. */
  readonly groups: number;
  /** Invocations that share a sum. */
  readonly slices: number;
  /** Of a sum, the numbers staged at a time, a multiple of `slices`. */
  readonly depth: number;
  /** Of those of an invocation, the ones unrolled, at most. */
  readonly unroll: number;
}

export type Direction = "forward" | "backward";

/**
 * The mode for a sequence and its direction; tests hand in their own to reach every one. `sums` are those of the cell, as
 * many numbers as they take in memory: forwards so many are added up for one unit of one row, backwards one.
 */
export type ChooseRecurrentMode = (
  target: WebgpuTarget,
  extent: Extent,
  direction: Direction,
  sums: number,
) => RecurrentMode;

/**
 * Above so many units, or bytes of weights, all steps in one dispatch read too much again at every step: an LSTM of 256
 * units took an H100 twenty microseconds a step that way, and seven in a dispatch of its own.
 */
const MOST_UNITS = 256;
const MOST_BYTES = 320 * 1024;

export function chooseRecurrentMode(
  target: WebgpuTarget,
  extent: Extent,
  direction: Direction,
  sums: number,
): RecurrentMode {
  return target.isSoftware
    ? (chooseSoftware(target, extent, direction === "forward" ? sums : 1) ??
        chooseStep(target.limits, extent, direction, sums))
    : chooseHardware(target, extent, direction, sums);
}

/** Invocations that SwiftShader computes at a time. */
const SOFTWARE_LANES = 4;

/**
 * A software adapter pays for loads: many rows and units an invocation, as long as every lane has some. Eight units of
 * one sum took 0.6 to 0.8 of the time of four; with eight units of four sums the code grows faster than it gains.
 */
function chooseSoftware(
  { limits }: WebgpuTarget,
  { batch, units }: Extent,
  sums: number,
): RecurrentMode | undefined {
  const most = sums === 1 ? 8 : sums <= 4 ? 4 : 2;
  const fits = (each: number) =>
    each <= most && units % each === 0 && units / each >= SOFTWARE_LANES;
  const unitsEach = [8, 4, 2].find(fits) ?? 1;
  if (units / unitsEach > limits.maxComputeInvocationsPerWorkgroup) return undefined;
  const rows = ([8, 4, 2] as const).find((count) => count <= Math.ceil(batch / 2));
  return { kind: "softwareSteps", rows: rows ?? 1, unitsEach };
}

function chooseHardware(
  { limits }: WebgpuTarget,
  extent: Extent,
  direction: Direction,
  sums: number,
): RecurrentMode {
  const bytes = 4 * extent.units ** 2 * sums;
  const isSmall = extent.units <= MOST_UNITS && bytes <= MOST_BYTES;
  const all = isSmall ? chooseSteps(limits, extent, direction, sums) : undefined;
  return all ?? chooseStep(limits, extent, direction, sums);
}

/**
 * Few invocations with many weights each: on an H100 a step of an LSTM of 128 units, one row a workgroup, takes 1.2 µs with
 * 256 of them that keep 176 numbers, 1.35 with 512 that keep 88, 2.4 with 1024 that keep 32, and 12 where all is read again.
 */
const STEPS_INVOCATIONS = 256;

function chooseSteps(
  limits: WebgpuLimits,
  { batch, units }: Extent,
  direction: Direction,
  sums: number,
): StepsMode | undefined {
  const memory = limits.maxComputeWorkgroupStorageSize;
  const width = widthOf(sums);
  // What is multiplied, of up to two products, and parts of the sums.
  const bytesOfRow = ({ slices }: Shares) =>
    direction === "forward"
      ? 4 * (2 * (units + slices) + slices * units * width)
      : 4 * ((units + slices) * width + units * (slices + 1));
  const shares = sharesOf(units, direction).find((one) => bytesOfRow(one) <= memory);
  if (shares === undefined) return undefined;
  const { slices, each } = shares;
  const length = Math.ceil(units / slices);
  // Few rows a workgroup mean more workgroups for small batches.
  const wanted = Math.ceil(batch / 256);
  const fits = (count: number) => count <= wanted && count * bytesOfRow(shares) <= memory;
  const rows = ([4, 2] as const).find(fits) ?? 1;
  const left = memory - rows * bytesOfRow(shares);
  const kept = Math.min(length, Math.floor(keptNumbers(limits) / (sums * each)));
  const held = Math.min(length - kept, Math.floor(left / (4 * width * slices * units)));
  return { kind: "steps", rows, slices, each, kept, held, unroll: 8 / each };
}

type Shares = Pick<StepsMode, "slices" | "each">;

/**
 * How a workgroup's invocations share the products, best first: many of them, with several units each, for all of which
 * what is multiplied is read once.
 */
function sharesOf(units: number, direction: Direction): Shares[] {
  const most = Math.min(units, direction === "forward" ? 8 : 32);
  const all = ([4, 2, 1] as const).flatMap((each): Shares[] => {
    const fitting = Math.min(most, Math.floor((STEPS_INVOCATIONS * each) / units));
    const slices = 2 ** Math.floor(Math.log2(fitting));
    return units % each === 0 && slices >= each ? [{ slices, each }] : [];
  });
  return all.sort((a, b) => b.slices / b.each - a.slices / a.each);
}

/**
 * Numbers of weights that an invocation keeps beside what it computes with. Nothing tells how many registers there are:
 * where a workgroup has 48 KB of memory, as on NVIDIA and AMD by Vulkan, 255 of them; on Apple's GPUs about 128; fewer
 * on those that offer no more than every implementation has to.
 */
function keptNumbers(limits: WebgpuLimits): number {
  if (limits.maxComputeInvocationsPerWorkgroup < 1024) return 32;
  return limits.maxComputeWorkgroupStorageSize < 49152 ? 80 : 176;
}

/**
 * Few units and rows a workgroup, so that there are many of them, and their sums shared out to the invocations of each: a
 * step is short, and what takes long in it is waiting for memory.
 */
function chooseStep(
  limits: WebgpuLimits,
  { batch, units }: Extent,
  direction: Direction,
  sums: number,
): StepMode {
  const groups = batch <= 4 ? 1 : batch <= 32 ? 2 : 4;
  const each = direction === "forward" || sums > 4 ? 1 : 2;
  const workgroups = (across: number) =>
    Math.ceil(units / (across * each)) * Math.ceil(batch / (4 * groups));
  // The wider one where that leaves a workgroup or more for each core of a large GPU.
  const [wide, narrow, enough] = direction === "forward" ? [16, 8, 256] : [8, 4, 96];
  const across = workgroups(wide) >= enough ? wide : narrow;
  const isLarge = direction === "backward" || across === wide;
  const most = Math.min(isLarge ? 512 : 256, limits.maxComputeInvocationsPerWorkgroup);
  const depths = groups === 4 && direction === "backward" ? [64, 32, 16] : [128, 64, 32, 16];
  const unroll = direction === "forward" ? 8 : 2;
  for (let slices = most / (across * groups); ; slices /= 2)
    for (const depth of depths) {
      const mode: StepMode = { kind: "step", across, each, groups, slices, depth, unroll };
      const isWhole = depth % slices === 0;
      if (isWhole && bytesOfStep(mode, direction, sums) <= limits.maxComputeWorkgroupStorageSize)
        return mode;
    }
}

function bytesOfStep(
  { across, each, groups, slices, depth }: StepMode,
  direction: Direction,
  sums: number,
): number {
  const bytes = 4 * widthOf(sums);
  return direction === "forward"
    ? 16 * groups * (depth + 1) + 4 * each * across * groups * slices * bytes
    : 4 * groups * depth * bytes + 16 * each * across * groups * (slices + 1);
}

/** Three numbers of an array take the place of four. */
function widthOf(sums: number): number {
  return sums === 3 ? 4 : sums;
}
