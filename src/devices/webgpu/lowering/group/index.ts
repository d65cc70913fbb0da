/** Groups as calls: `group/map` where nothing is reduced, `group/rows` once or, where workgroups share rows, twice. */
import type { GroupKernels, GroupSite, KernelCall } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { lowerMap } from "./map-parts.ts";
import { mergedProgram } from "./merge.ts";
import { lowerRows } from "./row-calls.ts";
import { takesRows } from "./takes.ts";

export function groupKernels(target: WebgpuTarget): GroupKernels {
  return {
    // Those of two calls, one of which leaves totals for the other.
    maxOperands: 2 * (target.limits.maxStorageBuffersPerShaderStage - 1),
    takes: (program) => takesRows(target, mergedProgram(program)),
    lower: (site) => lowerGroup(target, site),
  };
}

export function lowerGroup(target: WebgpuTarget, site: GroupSite): readonly KernelCall[] {
  const { program, ins, outs } = site;
  if (!program.instructions.some(({ kind }) => kind === "reduce"))
    return lowerMap(program, ins, outs, maxBytes(target.limits));
  if (sizeOf(program.shape.slice(0, program.kept)) === 0) return [];
  return lowerRows(target, { ...site, program: mergedProgram(program) });
}
