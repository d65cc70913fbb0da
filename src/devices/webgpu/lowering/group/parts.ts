/**
 * Rows that are too long for a workgroup, or too few to fill a device: many workgroups leave totals of parts, and a
 * second call combines those and finishes. Possible where all that is stored comes of the first stage's totals.
 */
import type {
  GroupInstruction,
  GroupProgram,
  Register,
  View,
} from "../../../../scheduler/group-program.ts";
import { stridesOf } from "../../../../tensor/shape.ts";
import { withArguments } from "./rename.ts";
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

/** The inputs and outputs of the call that leaves totals, or of the one that combines them: whichever has more. */
export function operandsOfParts(program: GroupProgram): number {
  const first = totalsOf(program);
  const { stages, stored, rowRegisters } = rowProgramOf(first);
  const used = new Set(
    [...stages, stored].flatMap(({ elements }) => elements).concat(rowRegisters),
  );
  const reads = new Set(
    [...used].flatMap((r) => {
      const instruction = program.instructions[r];
      return instruction?.kind === "input" ? [instruction.input] : [];
    }),
  );
  const last = finishOf(program, { shape: [2], strides: [1], stride: 2 });
  const combining = last.inputs.length + last.outs.length;
  return 1 + Math.max(reads.size + first.stores.length, combining);
}

/** Where the totals of parts lie in a region: [...parts, totals, …, rows]. */
export interface Totals {
  /** Sizes and strides of what has parts, outermost first. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** From one total's to the next one's. */
  readonly stride: number;
}

/** The program over [...kept, ...parts] that combines totals, its first inputs, and stores. */
export function finishOf(program: GroupProgram, totals: Totals): Finish {
  const { kept } = program;
  const { rowRegisters, stages, rowStores } = rowProgramOf(program);
  const shape = program.shape.slice(0, kept);
  const instructions: GroupInstruction[] = [];
  const inputs: View[] = [];
  const renamed = new Map<Register, Register>();
  const own: number[] = [];
  const reduces = stages[0]?.reduces ?? [];
  reduces.forEach(({ register, reduce: { combine, dtype } }, t) => {
    inputs.push({
      offset: t * totals.stride,
      strides: [...stridesOf(shape), ...totals.strides],
    });
    const x = instructions.push({ kind: "input", input: t, dtype }) - 1;
    renamed.set(register, instructions.push({ kind: "reduce", combine, x, dtype }) - 1);
  });
  const ofRow = ({ offset, strides }: View): View => ({
    offset,
    strides: [...strides.slice(0, kept), ...totals.shape.map(() => 0)],
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
    } else
      renamed.set(
        r,
        instructions.push(withArguments(instruction, (from) => renamed.get(from) ?? 0)) - 1,
      );
  }
  return {
    program: {
      shape: [...shape, ...totals.shape],
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
