/** A group's instructions as WGSL expressions. */
import type { GroupInstruction, Register } from "../../../../scheduler/group-program.ts";
import { floatBits } from "../../../../scheduler/lowering.ts";
import type { DType } from "../../../../tensor/dtype.ts";
import { wgslBinary, wgslCast, wgslUnary, wgslWhere } from "../scalars.ts";
import type { Words } from "./words.ts";

/** A value of a dtype from the word that memory holds, and back. */
export const fromWord: { readonly [D in DType]: (word: string) => string } = {
  f32: (word) => `bitcast<f32>(${word})`,
  i32: (word) => `bitcast<i32>(${word})`,
  u32: (word) => word,
  bool: (word) => `(${word} != 0u)`,
};
export const toWord: { readonly [D in DType]: (value: string) => string } = {
  f32: (value) => `bitcast<u32>(${value})`,
  i32: (value) => `bitcast<u32>(${value})`,
  u32: (value) => value,
  bool: (value) => `select(0u, 1u, ${value})`,
};

/** A counted place, which may be below 0, as a number. */
const fromPlace: { readonly [D in DType]: (place: string) => string } = {
  f32: (place) => `f32(bitcast<i32>(${place}))`,
  i32: (place) => `bitcast<i32>(${place})`,
  u32: (place) => place,
  bool: (place) => `(${place} != 0u)`,
};

/** What an instruction reads besides constants. */
export interface Names {
  register(r: Register): string;
  /** The word of input `input`. */
  input(input: number): string;
  /** The place that view `index` of `indices` gives, a u32. */
  index(index: number): string;
}

/** `dtypeOf`: the dtype of a register. */
export function printInstruction(
  instruction: Exclude<GroupInstruction, { kind: "reduce" }>,
  names: Names,
  dtypeOf: (r: Register) => DType,
  words: Pick<Words, "word">,
): string {
  const { dtype } = instruction;
  const name = names.register;
  switch (instruction.kind) {
    case "input":
      return fromWord[dtype](names.input(instruction.input));
    case "index":
      return fromPlace[dtype](names.index(instruction.index));
    case "literal":
      return fromWord[dtype](
        words.word(dtype === "f32" ? floatBits(instruction.value) : instruction.value),
      );
    case "unary":
      return wgslUnary[instruction.fn](name(instruction.x), dtypeOf(instruction.x));
    case "binary": {
      const { fn, a, b } = instruction;
      return wgslBinary[fn](name(a), name(b), dtypeOf(a));
    }
    case "where": {
      const { condition, a, b } = instruction;
      return wgslWhere(name(condition), name(a), name(b));
    }
    case "cast":
      return wgslCast(name(instruction.x), dtypeOf(instruction.x), dtype);
    default:
      return instruction satisfies never;
  }
}
