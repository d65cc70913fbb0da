/** A program that reduces everything to numbers in one pass, cut into what makes the terms and what is done with the numbers. */
import { InternalError } from "../errors.ts";
import type { Combine, GroupInstruction, GroupProgram, Register } from "./group-program.ts";
import type { ElementwiseProgram, Instruction } from "./program.ts";

export interface Numbers {
  /** Its outputs are the terms of each reduction. */
  readonly terms: ElementwiseProgram;
  /** Which of the program's inputs those of `terms` are. */
  readonly termInputs: readonly number[];
  readonly combines: readonly Combine[];
  /** Over one element; its inputs are the reduced numbers, then those of the program that `numbers` tells. */
  readonly finish: ElementwiseProgram;
  readonly numbers: readonly number[];
}

export function splitNumbers(program: GroupProgram): Numbers {
  const { instructions, stores, shape, inputs } = program;
  const reduces = instructions.flatMap((instruction, r) =>
    instruction.kind === "reduce" ? [{ ...instruction, r }] : [],
  );
  const terms = new Extract(instructions, []);
  const termOutputs = reduces.map(({ x }) => terms.take(x));
  const finish = new Extract(
    instructions,
    reduces.map(({ r }) => r),
  );
  const outputs = stores.map(({ register }) => finish.take(register));
  return {
    terms: {
      shape,
      inputStrides: terms.inputs.map((input) => inputs[input]?.strides ?? []),
      instructions: terms.instructions,
      outputs: termOutputs,
    },
    termInputs: terms.inputs,
    combines: reduces.map(({ combine }) => combine),
    finish: {
      shape: [],
      inputStrides: [...reduces, ...finish.inputs].map(() => []),
      instructions: finish.instructions,
      outputs,
    },
    numbers: finish.inputs,
  };
}

/** An elementwise program as it stands. */
export function elementwiseOf(program: GroupProgram): ElementwiseProgram {
  const all = new Extract(program.instructions, []);
  const outputs = program.stores.map(({ register }) => all.take(register));
  return {
    shape: program.shape,
    inputStrides: program.inputs.map(({ strides }) => strides),
    instructions: all.instructions.map((instruction) =>
      instruction.kind === "input"
        ? { ...instruction, input: all.inputs[instruction.input] ?? 0 }
        : instruction,
    ),
    outputs,
  };
}

/** The instructions that some registers need, numbered anew; `given` registers are its first inputs. */
class Extract {
  readonly instructions: Instruction[] = [];
  /** The program's inputs behind those that are given. */
  readonly inputs: number[] = [];
  readonly #moved = new Map<Register, Register>();
  readonly #all: readonly GroupInstruction[];
  readonly #given: readonly Register[];

  constructor(all: readonly GroupInstruction[], given: readonly Register[]) {
    this.#all = all;
    this.#given = given;
    for (const [input, register] of given.entries()) {
      const dtype = all[register]?.dtype ?? "f32";
      this.#moved.set(register, this.instructions.push({ kind: "input", input, dtype }) - 1);
    }
  }

  take(register: Register): Register {
    const known = this.#moved.get(register);
    if (known !== undefined) return known;
    const made = this.#copy(register);
    const moved = this.instructions.push(made) - 1;
    this.#moved.set(register, moved);
    return moved;
  }

  #copy(register: Register): Instruction {
    const instruction = this.#all[register];
    switch (instruction?.kind) {
      case "input": {
        const known = this.inputs.indexOf(instruction.input);
        const own = known >= 0 ? known : this.inputs.push(instruction.input) - 1;
        return { ...instruction, input: this.#given.length + own };
      }
      case "literal":
        return instruction;
      case "unary":
      case "cast":
        return { ...instruction, x: this.take(instruction.x) };
      case "binary":
        return { ...instruction, a: this.take(instruction.a), b: this.take(instruction.b) };
      case "where":
        return {
          ...instruction,
          condition: this.take(instruction.condition),
          a: this.take(instruction.a),
          b: this.take(instruction.b),
        };
      default:
        throw new InternalError("a program is not made of terms and numbers.");
    }
  }
}
