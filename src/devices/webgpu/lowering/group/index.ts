/** Groups as calls: `group/map` where nothing is reduced, `group/rows` once or, where workgroups share rows, twice. */
import type { GroupKernels, GroupSite, KernelCall } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { lowerCopy } from "../movement.ts";
import { cutInTwo } from "./cut.ts";
import { lowerMap } from "./map-parts.ts";
import { mergedProgram } from "./merge.ts";
import { lowerRows } from "./row-calls.ts";
import { takesRows } from "./takes.ts";

export function groupKernels(target: WebgpuTarget): GroupKernels {
  return {
    // Those of two calls, one of which leaves totals for the other.
    maxOperands: 2 * (target.limits.maxStorageBuffersPerShaderStage - 1),
    readsBeyond: true,
    takes: (program) => takesRows(target, mergedProgram(program)),
    lower: (site) => lowerGroup(target, site),
  };
}

export function lowerGroup(target: WebgpuTarget, site: GroupSite): readonly KernelCall[] {
  const calls = lowerOnce(target, site);
  const most = target.limits.maxStorageBuffersPerShaderStage;
  if (calls.every(({ operands }) => operands.length <= most)) return calls;
  if (site.outs.length > 1) return lowerApart(target, site);
  return cutInTwo(site)?.flatMap((part) => lowerGroup(target, part)) ?? calls;
}

function lowerOnce(target: WebgpuTarget, site: GroupSite): readonly KernelCall[] {
  const { program, ins, outs } = site;
  if (!program.instructions.some(({ kind }) => kind === "reduce"))
    return lowerMap(program, ins, outs, maxBytes(target.limits), target.isSoftware);
  if (sizeOf(program.shape.slice(0, program.kept)) === 0) return [];
  return lowerRows(target, { ...site, program: mergedProgram(program) });
}

/**
 * Where results do not lie where the scheduler could hope for, there may be more of them than a kernel can bind: then they
 * are made in two calls, aside, for one of them may be written over what the other call reads.
 */
function lowerApart(target: WebgpuTarget, site: GroupSite): readonly KernelCall[] {
  const { program, outs, scratch } = site;
  const half = Math.ceil(outs.length / 2);
  const asides = outs.map(({ type }) => scratch(type));
  const part = (from: number, to: number) =>
    lowerGroup(target, {
      ...site,
      program: { ...program, stores: program.stores.slice(from, to) },
      outs: asides.slice(from, to),
    });
  const moves = outs.flatMap((out, i) => {
    const aside = asides[i];
    return aside === undefined ? [] : lowerCopy(aside, out, maxBytes(target.limits));
  });
  return [...part(0, half), ...part(half, outs.length), ...moves];
}
