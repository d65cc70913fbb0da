import type { KernelCall, Operand, Region } from "../../../scheduler/lowering.ts";
import type { KernelName } from "../kernel-names.ts";

export const read = (region: Region): Operand => ({ region, access: "read" });
export const write = (region: Region): Operand => ({ region, access: "write" });
export const readWrite = (region: Region): Operand => ({ region, access: "readwrite" });

/** A call of an emitted function of `structure`, by way of a frame. */
export function callEmitted(
  frame: "rows" | "columns" | "walk",
  structure: string,
  operands: readonly Operand[],
  words: readonly number[],
): KernelCall {
  return { ...call(frame, operands, words), constants: { structure } };
}

/** A call of a WASM kernel: operands, then the words behind them. */
export function call(
  kernel: KernelName,
  operands: readonly Operand[],
  words: readonly number[],
): KernelCall {
  return { kernel, constants: {}, operands, words, grid: [1, 1, 1] };
}
