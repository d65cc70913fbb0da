/**
 * Rows that are too long for a workgroup, or too few to fill a device: many workgroups leave totals of parts, and a
 * second call combines those and finishes. Possible where all that is stored comes of the first stage's totals.
 */
import {
  argumentsOf,
  type GroupInstruction,
  type GroupProgram,
  type Register,
  type View,
} from "../../../../scheduler/group-program.ts";
import { stridesOf } from "../../../../tensor/shape.ts";
import { rowProgramOf } from "./row-program.ts";

/** The program that leaves totals of its only stage, and stores what there is for each element. */
export function totalsOf(program: GroupProgram): GroupProgram {
  const { elementStores } = rowProgramOf(program);
  return { ...program, stores: elementStores.flatMap((o) => program.stores[o] ?? []) };
}

export interface Finish {
  readonly program: GroupProgram;
  /** Which of the program's inputs follow, and which of its outputs are stored. */
  readonly inputs: readonly number[];
  readonly outs: readonly number[];
}

/** The program over [...kept, parts] that combines totals, its first inputs, all of [totals, parts, rows], and stores. */
export function finishOf(program: GroupProgram, rows: number, parts: number): Finish {
  const { kept } = program;
  const { rowRegisters, stages, rowStores } = rowProgramOf(program);
  const shape = program.shape.slice(0, kept);
  const instructions: GroupInstruction[] = [];
  const inputs: View[] = [];
  const renamed = new Map<Register, Register>();
  const own: number[] = [];
  const reduces = stages[0]?.reduces ?? [];
  reduces.forEach(({ register, reduce: { combine, dtype } }, t) => {
    inputs.push({ offset: t * parts * rows, strides: [...stridesOf(shape), rows] });
    const x = instructions.push({ kind: "input", input: t, dtype }) - 1;
    renamed.set(register, instructions.push({ kind: "reduce", combine, x, dtype }) - 1);
  });
  const ofRow = ({ offset, strides }: View): View => ({
    offset,
    strides: [...strides.slice(0, kept), 0],
  });
  for (const r of rowRegisters) {
    const instruction = program.instructions[r];
    if (instruction === undefined) continue;
    if (instruction.kind === "input") {
      const view = program.inputs[instruction.input];
      const known = own.indexOf(instruction.input);
      const input = reduces.length + (known >= 0 ? known : own.push(instruction.input) - 1);
      if (view !== undefined) inputs[input] = ofRow(view);
      renamed.set(r, instructions.push({ ...instruction, input }) - 1);
    } else renamed.set(r, instructions.push(withArguments(instruction, renamed)) - 1);
  }
  return {
    program: {
      shape: [...shape, parts],
      kept,
      inputs,
      indices: program.indices.map(ofRow),
      instructions,
      stores: rowStores.flatMap((o) => {
        const store = program.stores[o];
        if (store === undefined) return [];
        return [{ ...ofRow(store), register: renamed.get(store.register) ?? 0 }];
      }),
    },
    inputs: own,
    outs: rowStores,
  };
}

function withArguments(
  instruction: GroupInstruction,
  renamed: ReadonlyMap<Register, Register>,
): GroupInstruction {
  const to = (r: Register) => renamed.get(r) ?? 0;
  if (argumentsOf(instruction).length === 0) return instruction;
  switch (instruction.kind) {
    case "binary":
      return { ...instruction, a: to(instruction.a), b: to(instruction.b) };
    case "where": {
      const { condition, a, b } = instruction;
      return { ...instruction, condition: to(condition), a: to(a), b: to(b) };
    }
    case "unary":
    case "cast":
    case "reduce":
      return { ...instruction, x: to(instruction.x) };
    default:
      return instruction;
  }
}
