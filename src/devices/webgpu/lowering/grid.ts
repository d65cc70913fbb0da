import type { KernelCall } from "../../../scheduler/lowering.ts";

/** WebGPU's limit for each dimension of a grid (maxComputeWorkgroupsPerDimension, the same everywhere). */
export const MAX_GRID = 65535;

/**
 * The grid of a kernel over a line of `workgroups`: folded into x and y where it is too long for x. The kernel finds
 * its place as `workgroup_id.x + workgroup_id.y * num_workgroups.x` and checks it, since the last row may be partial.
 */
export function lineGrid(workgroups: number): [number, number, number] {
  if (workgroups <= MAX_GRID) return [workgroups, 1, 1];
  const rows = Math.ceil(workgroups / MAX_GRID);
  return [Math.ceil(workgroups / rows), rows, 1];
}

/** The grid for `threads` invocations in workgroups of `size`. */
export function threadGrid(threads: number, size: number): [number, number, number] {
  return lineGrid(Math.ceil(threads / size));
}

/** A call of a kernel over a line (lib/line) of `count` elements, in workgroups of 128 where nothing is said. */
export function lineCall(
  kernel: string,
  count: number,
  call: Pick<KernelCall, "operands" | "words" | "perStep"> & Partial<Pick<KernelCall, "constants">>,
  threads = 128,
): KernelCall {
  const constants = { ...call.constants, THREADS: threads };
  return { kernel, ...call, constants, grid: threadGrid(count, threads) };
}
