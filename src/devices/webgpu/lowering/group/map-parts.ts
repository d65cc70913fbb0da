import type { GroupProgram } from "../../../../scheduler/group-program.ts";
import type { KernelCall, Region } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { isLarge } from "../divide.ts";
import { boxesOfProgram, partOf } from "./large.ts";
import { mapCall } from "./map.ts";
import { mergedProgram } from "./merge.ts";

/** The calls of a program without reductions: one, or one for each part where a tensor is too large to be bound. */
export function lowerMap(
  program: GroupProgram,
  ins: readonly Region[],
  outs: readonly Region[],
  mostBytes: number,
): readonly KernelCall[] {
  if (sizeOf(program.shape) === 0) return [];
  const merged = mergedProgram(program);
  const boxes = isLarge([...ins, ...outs], mostBytes)
    ? boxesOfProgram(merged, mostBytes)
    : undefined;
  if (boxes === undefined) return [mapCall(merged, ins, outs)];
  return boxes.map((box) => {
    const part = partOf(merged, ins, outs, box);
    return mapCall(mergedProgram(part.program), part.ins, part.outs);
  });
}
