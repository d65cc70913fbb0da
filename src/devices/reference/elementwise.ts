import { castValue } from "../../ops/casts.ts";
import { binary, unary } from "../../ops/scalars.ts";
import type { ElementwiseProgram, Instruction } from "../../scheduler/program.ts";
import type { DType } from "../../tensor/dtype.ts";
import { sizeOf, stridesOf } from "../../tensor/shape.ts";
import type { ReferenceTensor } from "./kernel.ts";

/** Runs a fused program element by element. An output may be an input that is read with the same strides. */
export function runElementwise(
  program: ElementwiseProgram,
  ins: readonly ReferenceTensor["data"][],
  outs: readonly ReferenceTensor["data"][],
): void {
  const dense = stridesOf(program.shape);
  const registers = new Array<number>(program.instructions.length).fill(0);
  for (let i = 0; i < sizeOf(program.shape); i++) {
    const index = dense.map((stride, d) => Math.floor(i / stride) % (program.shape[d] ?? 1));
    const load = (input: number) => {
      const strides = program.inputStrides[input] ?? [];
      return ins[input]?.[index.reduce((at, n, d) => at + n * (strides[d] ?? 0), 0)] ?? 0;
    };
    program.instructions.forEach((instruction, r) => {
      registers[r] = evaluate(instruction, registers, program.instructions, load);
    });
    program.outputs.forEach((register, o) => {
      const out = outs[o];
      if (out !== undefined) out[i] = registers[register] ?? 0;
    });
  }
}

function evaluate(
  instruction: Instruction,
  registers: readonly number[],
  instructions: readonly Instruction[],
  load: (input: number) => number,
): number {
  const at = (register: number) => registers[register] ?? 0;
  const dtypeOf = (register: number): DType => instructions[register]?.dtype ?? "f32";
  switch (instruction.kind) {
    case "input":
      return load(instruction.input);
    case "literal":
      return instruction.value;
    case "unary":
      return unary[instruction.fn].evaluate(at(instruction.x), dtypeOf(instruction.x));
    case "binary":
      return binary[instruction.fn].evaluate(
        at(instruction.a),
        at(instruction.b),
        dtypeOf(instruction.a),
      );
    case "where":
      return at(instruction.condition) !== 0 ? at(instruction.a) : at(instruction.b);
    case "cast":
      return castValue(at(instruction.x), dtypeOf(instruction.x), instruction.dtype);
    default:
      return instruction satisfies never;
  }
}
