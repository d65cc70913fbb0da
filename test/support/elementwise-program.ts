/** Groups without reductions, written by hand. */
import type { GroupInstruction, GroupProgram } from "../../src/scheduler/group-program.ts";
import type { DeviceTraits, KernelCall, Region } from "../../src/scheduler/lowering.ts";
import { type Shape, stridesOf } from "../../src/tensor/shape.ts";

/** A program over `shape` that reads input i with `strides[i]` and stores `registers`, the last one if none are named. */
export function elementwiseProgram(
  shape: Shape,
  strides: readonly (readonly number[])[],
  instructions: readonly GroupInstruction[],
  registers: readonly number[] = [instructions.length - 1],
): GroupProgram {
  return {
    shape,
    kept: shape.length,
    inputs: strides.map((own) => ({ offset: 0, strides: own })),
    indices: [],
    instructions,
    stores: registers.map((register) => ({ register, offset: 0, strides: stridesOf(shape) })),
  };
}

/** The calls of a group that takes no scratch. */
export function groupCalls(
  traits: DeviceTraits,
  program: GroupProgram,
  ins: readonly Region[],
  outs: readonly Region[],
): readonly KernelCall[] {
  return traits.groups.lower({
    program,
    ins,
    outs,
    scratch: () => {
      throw new Error("a program without reductions needs no scratch");
    },
  });
}
