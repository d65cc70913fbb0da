import { InternalError } from "../../../errors.ts";
import type { GroupInstruction, Register } from "../../../scheduler/group-program.ts";
import type { Maths } from "./math.ts";
import { applyBinary, applyCast, applyUnary, applyWhere } from "./scalars.ts";
import type { Value } from "./value.ts";

/**
 * The expressions that registers are. `known` gives those that are there already, in locals or in memory; what it gives
 * is asked for once.
 */
export class Evaluator {
  readonly #instructions: readonly GroupInstruction[];
  readonly #maths: Maths;
  readonly #known: (register: Register, instruction: GroupInstruction) => Value | undefined;
  readonly #values = new Map<Register, Value>();

  constructor(
    instructions: readonly GroupInstruction[],
    maths: Maths,
    known: (register: Register, instruction: GroupInstruction) => Value | undefined,
  ) {
    this.#instructions = instructions;
    this.#maths = maths;
    this.#known = known;
  }

  value(register: Register): Value {
    let value = this.#values.get(register);
    if (value === undefined) {
      const instruction = this.#instructions[register];
      if (instruction === undefined) throw new InternalError("cpu: a group reads no register.");
      value = this.#known(register, instruction) ?? this.#apply(instruction);
      this.#values.set(register, value);
    }
    return value;
  }

  #apply(instruction: GroupInstruction): Value {
    const dtypeOf = (register: Register) => this.#instructions[register]?.dtype ?? "f32";
    switch (instruction.kind) {
      case "unary": {
        const { fn, x } = instruction;
        return applyUnary(fn, this.value(x), dtypeOf(x), this.#maths);
      }
      case "binary": {
        const { fn, a, b } = instruction;
        return applyBinary(fn, this.value(a), this.value(b), dtypeOf(a));
      }
      case "where": {
        const { condition, a, b } = instruction;
        return applyWhere(this.value(condition), this.value(a), this.value(b));
      }
      case "cast":
        return applyCast(this.value(instruction.x), dtypeOf(instruction.x), instruction.dtype);
      case "input":
      case "literal":
      case "index":
      case "reduce":
        throw new InternalError(`cpu: nobody knows a register of kind ${instruction.kind}.`);
      default:
        return instruction satisfies never;
    }
  }
}
