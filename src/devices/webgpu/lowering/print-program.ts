/** Elementwise programs as WGSL statements over 32-bit words. */
import { floatBits } from "../../../scheduler/lowering.ts";
import type { ElementwiseProgram, Instruction } from "../../../scheduler/program.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { wgslBinary, wgslCast, wgslTypes, wgslUnary, wgslWhere } from "./scalars.ts";

export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no item ${index} in a list of ${list.length}`);
  return item;
}

const fromWord: { readonly [D in DType]: (word: string) => string } = {
  f32: (word) => `bitcast<f32>(${word})`,
  i32: (word) => `bitcast<i32>(${word})`,
  u32: (word) => word,
  bool: (word) => `(${word} != 0u)`,
};
const toWord: { readonly [D in DType]: (value: string) => string } = {
  f32: (value) => `bitcast<u32>(${value})`,
  i32: (value) => `bitcast<u32>(${value})`,
  u32: (value) => value,
  bool: (value) => `select(0u, 1u, ${value})`,
};

/** A program's statements: r0 … from the words v0 …. */
export interface Statements {
  readonly lines: readonly string[];
  /** The expression of each output's word. */
  readonly words: readonly string[];
}

/** Literals become `params.literal_0` …, whose words are added to `literals`. */
export function printProgram(
  { instructions, outputs }: ElementwiseProgram,
  place: (input: number) => number,
  literals: number[],
): Statements {
  const lines = instructions.map((instruction, r) => {
    const value = printInstruction(instruction, instructions, place, literals);
    return `let r${r}: ${wgslTypes[instruction.dtype]} = ${value};`;
  });
  const words = outputs.map((register) => toWord[at(instructions, register).dtype](`r${register}`));
  return { lines, words };
}

function printInstruction(
  instruction: Instruction,
  all: readonly Instruction[],
  place: (input: number) => number,
  literals: number[],
): string {
  const { dtype } = instruction;
  switch (instruction.kind) {
    case "input":
      return fromWord[dtype](`v${place(instruction.input)}`);
    case "literal": {
      const word = dtype === "f32" ? floatBits(instruction.value) : instruction.value >>> 0;
      const known = literals.indexOf(word);
      return fromWord[dtype](`params.literal_${known >= 0 ? known : literals.push(word) - 1}`);
    }
    case "unary":
      return wgslUnary[instruction.fn](`r${instruction.x}`, at(all, instruction.x).dtype);
    case "binary":
      return wgslBinary[instruction.fn](
        `r${instruction.a}`,
        `r${instruction.b}`,
        at(all, instruction.a).dtype,
      );
    case "where":
      return wgslWhere(`r${instruction.condition}`, `r${instruction.a}`, `r${instruction.b}`);
    case "cast":
      return wgslCast(`r${instruction.x}`, at(all, instruction.x).dtype, dtype);
    default:
      return instruction satisfies never;
  }
}
