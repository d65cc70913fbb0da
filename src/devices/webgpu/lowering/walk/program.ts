/** A cell's program as WGSL statements. */
import type { CellProgram, CellSlot } from "../../../../scheduler/cell-program.ts";
import type { GroupInstruction, Register } from "../../../../scheduler/group-program.ts";
import { printInstruction } from "../group/instructions.ts";

export interface PrintedProgram {
  readonly statements: readonly string[];
  /** What is written to a slot; undefined where nothing is. */
  valueOf(role: CellSlot["role"], place: number): string | undefined;
}

/** `read`: what a slot holds, as an expression. */
export function printProgram(
  { reads, instructions, writes }: CellProgram,
  read: (slot: CellSlot) => string,
): PrintedProgram {
  const isLiteral = (r: Register) => instructions[r]?.kind === "literal";
  const print = (instruction: GroupInstruction): string => {
    if (instruction.kind === "input") {
      const slot = reads[instruction.input];
      return slot ? read(slot) : "0.0";
    }
    // Those of the walks: a few ulp, and cheap.
    if (instruction.kind === "unary" && (instruction.fn === "tanh" || instruction.fn === "sigmoid"))
      return `${instruction.fn === "tanh" ? "tanh_exact" : "sigmoid"}(${nameOf(instruction.x)})`;
    return printInstruction(instruction as never, NAMES, (r) => instructions[r]?.dtype ?? "f32", {
      word: printWord,
    });
  };
  const nameOf = (r: Register): string => {
    const instruction = instructions[r];
    return instruction && isLiteral(r) ? print(instruction) : `r${r}`;
  };
  const NAMES = { register: nameOf, input: () => "", index: () => "" };
  return {
    statements: instructions.flatMap((instruction, r) =>
      isLiteral(r) ? [] : [`let r${r} = ${print(instruction)};`],
    ),
    valueOf(role, place) {
      const found = writes.find(({ slot }) => slot.role === role && slot.place === place);
      return found && nameOf(found.register);
    },
  };
}

/** A cell's numbers are part of its code. WGSL refuses a constant that is not finite, so that one is no constant. */
function printWord(bits: number): string {
  const word = `${bits >>> 0}u`;
  return ((bits >>> 23) & 0xff) === 0xff ? `(${word} | (params.steps & 0u))` : word;
}
