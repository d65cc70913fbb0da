/** What a part of a walk's function needs. */
import { argumentsOf, type Register } from "../../../scheduler/group-program.ts";
import { isSlow } from "./scalars.ts";
import type { WalkPart, WalkStructure } from "./walk-structure.ts";

/** All that it computes, arguments first. */
export function registersOf({ instructions }: WalkStructure, part: WalkPart): Set<Register> {
  const found = new Set<Register>();
  const visit = (register: Register) => {
    const instruction = instructions[register];
    if (instruction === undefined || found.has(register)) return;
    argumentsOf(instruction).forEach(visit);
    found.add(register);
  };
  for (const { register } of part) visit(register);
  return found;
}

/** The streams that it reads or writes. */
export function streamsOf(
  { instructions, reads }: WalkStructure,
  part: WalkPart,
  registers: ReadonlySet<Register>,
): Set<number> {
  const read = [...registers].flatMap((register) => {
    const instruction = instructions[register];
    return instruction?.kind === "input" ? (reads[instruction.input]?.places ?? []) : [];
  });
  return new Set([...read, ...part].map(({ stream }) => stream));
}

/** Its slow functions, those that wait for others behind them: in each list none waits for another. */
export function slowIn(
  { instructions }: WalkStructure,
  registers: ReadonlySet<Register>,
): Register[][] {
  const depths = new Map<Register, number>();
  const found: Register[][] = [];
  for (const register of registers) {
    const instruction = instructions[register];
    if (instruction === undefined) continue;
    const depth = Math.max(0, ...argumentsOf(instruction).map((x) => depths.get(x) ?? 0));
    const isFunction = instruction.kind === "unary" || instruction.kind === "binary";
    const isOne = isFunction && isSlow.has(instruction.fn);
    depths.set(register, isOne ? depth + 1 : depth);
    if (isOne) found[depth] = [...(found[depth] ?? []), register];
  }
  return found;
}
