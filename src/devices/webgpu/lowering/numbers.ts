/** Reductions of whole tensors to numbers, with what is done with those, as groups of one row. */
import type { GroupInstruction, Register, View } from "../../../scheduler/group-program.ts";
import type { KernelCall, ReductionSite } from "../../../scheduler/lowering.ts";
import type { WebgpuTarget } from "../target.ts";
import { lowerGroup } from "./group/index.ts";
import { withArguments } from "./group/rename.ts";

export function lowerNumbers(target: WebgpuTarget, site: ReductionSite): readonly KernelCall[] {
  const { terms, ins, combines, finish, scratch } = site;
  const { shape } = terms;
  const instructions: GroupInstruction[] = [...terms.instructions];
  const dtypeOf = (r: Register) => instructions[r]?.dtype ?? "f32";
  const totals = combines.map((combine, k) => {
    const x = terms.outputs[k] ?? 0;
    return instructions.push({ kind: "reduce", combine, x, dtype: dtypeOf(x) }) - 1;
  });
  // Of what finishes, the first inputs are the totals.
  const moved: Register[] = [];
  for (const instruction of finish.program.instructions) {
    const total = instruction.kind === "input" ? totals[instruction.input] : undefined;
    const own =
      instruction.kind === "input"
        ? { ...instruction, input: ins.length + instruction.input - totals.length }
        : withArguments(instruction, (r) => moved[r] ?? 0);
    moved.push(total ?? instructions.push(own) - 1);
  }
  const number: View = { offset: 0, strides: shape.map(() => 0) };
  return lowerGroup(target, {
    program: {
      shape,
      kept: 0,
      inputs: [
        ...terms.inputStrides.map((strides) => ({ offset: 0, strides })),
        ...finish.numbers.map(() => number),
      ],
      indices: [],
      instructions,
      stores: finish.program.outputs.map((r) => ({ ...number, register: moved[r] ?? 0 })),
    },
    ins: [...ins, ...finish.numbers],
    outs: finish.outs,
    scratch,
  });
}
