/** Groups as calls: `group/map` where nothing is reduced, `group/rows` once or, where workgroups share rows, twice. */
import type {
  GroupKernels,
  GroupSite,
  KernelCall,
  Region,
} from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { lowerMap } from "./map-parts.ts";
import { mergedProgram } from "./merge.ts";
import { finishOf, totalsOf } from "./parts.ts";
import { rowKernelOf } from "./row-kernel.ts";
import { rowsCall } from "./rows.ts";
import { takesRows } from "./takes.ts";

export function groupKernels(target: WebgpuTarget): GroupKernels {
  return {
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

function lowerRows(
  target: WebgpuTarget,
  { program, ins, outs, scratch }: GroupSite,
): readonly KernelCall[] {
  const kernel = rowKernelOf(target, program, ins, outs);
  const { parts, rows } = kernel.layout;
  if (parts === 1) return [rowsCall(kernel)];
  const totals = kernel.parts.stages[0]?.reduces.length ?? 0;
  const partial = scratch({ dtype: "u32", shape: [totals, parts, rows] });
  const first = totalsOf(program);
  const firstOuts = first.stores.flatMap((store) => outs[program.stores.indexOf(store)] ?? []);
  const firstKernel = rowKernelOf(target, first, ins, [...firstOuts, partial], parts);
  const finish = finishOf(program, rows, parts);
  const finishIns: Region[] = [
    ...Array.from({ length: totals }, () => partial),
    ...finish.inputs.flatMap((i) => ins[i] ?? []),
  ];
  const finishOuts = finish.outs.flatMap((o) => outs[o] ?? []);
  return [
    rowsCall(firstKernel),
    ...lowerGroup(target, { program: finish.program, ins: finishIns, outs: finishOuts, scratch }),
  ];
}
