import type { Operand, Region } from "../../../scheduler/lowering.ts";

export const read = (region: Region): Operand => ({ region, access: "read" });
export const write = (region: Region): Operand => ({ region, access: "write" });
export const readWrite = (region: Region): Operand => ({ region, access: "readwrite" });

/** The operands for a region that may not be there. */
export function written(region: Region | undefined): Operand[] {
  return region === undefined ? [] : [write(region)];
}
