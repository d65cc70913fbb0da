/**
 * How a recurrent layer's steps are dispatched. All of them in one dispatch, where a workgroup owns a few rows of the
 * batch and all units: nothing has to wait for another workgroup, and the number of dispatches does not grow with T.
 * It needs an invocation a unit and workgroup memory for the gates of a row, so large U take a dispatch a step.
 */
import type { Extent } from "../../../ops/tapes.ts";
import type { WebgpuTarget } from "../target.ts";

export type RecurrentMode =
  | { readonly kind: "steps"; readonly rows: 1 | 2 | 4 }
  | { readonly kind: "softwareSteps"; readonly rows: 1 | 2 | 4 | 8; readonly unitsEach: number }
  | { readonly kind: "step" }
  /** Each unit of each row alone: for cells without a product in their steps, which are not asked about. */
  | { readonly kind: "apart" };

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

/** Above this many units the weights of all steps cost a GPU more than the dispatches that are saved. */
const MOST_UNITS = 256;
/** Neighbouring invocations that share a row of the weights in a backward walk of all steps. */
export const SPLIT = 4;

export function chooseRecurrentMode(
  target: WebgpuTarget,
  extent: Extent,
  direction: Direction,
  sums: number,
): RecurrentMode {
  return target.isSoftware
    ? chooseSoftware(target, extent, direction === "forward" ? sums : 1)
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
): RecurrentMode {
  const most = sums === 1 ? 8 : sums <= 4 ? 4 : 2;
  const fits = (each: number) =>
    each <= most && units % each === 0 && units / each >= SOFTWARE_LANES;
  const unitsEach = [8, 4, 2].find(fits) ?? 1;
  if (units / unitsEach > limits.maxComputeInvocationsPerWorkgroup) return { kind: "step" };
  const rows = ([8, 4, 2] as const).find((count) => count <= Math.ceil(batch / 2));
  return { kind: "softwareSteps", rows: rows ?? 1, unitsEach };
}

function chooseHardware(
  { limits }: WebgpuTarget,
  { batch, units }: Extent,
  direction: Direction,
  sums: number,
): RecurrentMode {
  const invocations = Math.ceil(units / SPLIT) * SPLIT;
  const most = Math.min(MOST_UNITS, limits.maxComputeInvocationsPerWorkgroup);
  if (invocations > most) return { kind: "step" };
  // h of two steps; or the gradients of the sums and the SPLIT parts of a product.
  const bytesOfSums = 4 * Math.max(sums, 4);
  const bytesOfRow = invocations * (direction === "forward" ? 8 : bytesOfSums + 4 * SPLIT);
  const fitting = limits.maxComputeWorkgroupStorageSize / bytesOfRow;
  if (fitting < 1) return { kind: "step" };
  // Few rows a workgroup mean more workgroups for small batches.
  const wanted = Math.ceil(batch / 64);
  const rows = ([4, 2] as const).find((count) => count <= fitting && count <= wanted);
  return { kind: "steps", rows: rows ?? 1 };
}
