import { piecesOf, roomOf } from "../../../../ops/packed.ts";
import type { GroupProgram } from "../../../../scheduler/group-program.ts";
import type { KernelCall, Region } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { boxesOfProgram, needsBoxes, partOf } from "./large.ts";
import { mapCall } from "./map.ts";
import { mergedProgram } from "./merge.ts";
import { MAX_CUTS } from "./pieces.ts";

/**
 * The calls of a program without reductions: one, or one for each part where a tensor is too large to be bound. Of packed
 * tensors a workgroup walks a piece, which a software adapter, that runs few at a time, gets few of.
 */
export function lowerMap(
  program: GroupProgram,
  ins: readonly Region[],
  outs: readonly Region[],
  mostBytes: number,
  isSoftware = false,
): readonly KernelCall[] {
  if (sizeOf(program.shape) === 0) return [];
  const merged = mergedProgram(program);
  const boxes = needsBoxes(merged, [...ins, ...outs], mostBytes)
    ? boxesOfProgram(merged, mostBytes)
    : undefined;
  const parts = boxes?.map((box) => partOf(merged, ins, outs, box)) ?? [
    { program: merged, ins, outs },
  ];
  return parts.map((part) => {
    const { shape, segments } = part.program;
    const share = sizeOf(shape) / (isSoftware ? SOFTWARE_PIECES : MAX_CUTS);
    const pieces = segments && piecesOf(segments, Math.max(LEAST_PIECE, roomOf(share)));
    return mapCall(mergedProgram(part.program), part.ins, part.outs, pieces);
  });
}

/** Four elements for each invocation of a workgroup. */
const LEAST_PIECE = 512;
const SOFTWARE_PIECES = 16;
