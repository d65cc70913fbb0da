/** Fused elementwise programs, and whatever only reads in another order, as groups without reductions. */
import type { GroupProgram, View } from "../../../scheduler/group-program.ts";
import type { ElementwiseSite, KernelCall, Region } from "../../../scheduler/lowering.ts";
import { sizeOf, stridesOf } from "../../../tensor/shape.ts";
import { lowerMap } from "./group/map-parts.ts";

export function lowerElementwise(
  { program, ins, outs }: ElementwiseSite,
  maxBytes: number,
): readonly KernelCall[] {
  const { shape, inputStrides, instructions, outputs } = program;
  const dense = stridesOf(shape);
  const group: GroupProgram = {
    shape,
    kept: shape.length,
    inputs: inputStrides.map((strides) => ({ offset: 0, strides })),
    indices: [],
    instructions,
    stores: outputs.map((register) => ({ register, offset: 0, strides: dense })),
  };
  return lowerMap(group, ins, outs, maxBytes);
}

/** `to[into at i] = from[out of at i]` for every i of `shape`. */
export function lowerMove(
  shape: readonly number[],
  from: Region,
  outOf: View,
  to: Region,
  into: View,
  maxBytes: number,
): readonly KernelCall[] {
  if (sizeOf(shape) === 0) return [];
  const group: GroupProgram = {
    shape,
    kept: shape.length,
    inputs: [outOf],
    indices: [],
    instructions: [{ kind: "input", input: 0, dtype: "u32" }],
    stores: [{ ...into, register: 0 }],
  };
  return lowerMap(group, [from], [to], maxBytes);
}
