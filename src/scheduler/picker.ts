import {
  argumentsOf,
  type GroupInstruction,
  type GroupProgram,
  type Register,
  type View,
} from "./group-program.ts";
import type { Region } from "./lowering.ts";

/** Copies what registers are computed from into a program of its own. */
export class Picker {
  readonly ins: Region[] = [];
  /** Another instruction for a register, if it has one. */
  replace: (register: Register, instruction: GroupInstruction) => GroupInstruction | undefined =
    () => undefined;
  readonly #from: GroupProgram;
  readonly #regions: readonly Region[];
  readonly #seen: (view: View) => View;
  readonly #inputs: View[] = [];
  readonly #indices: View[] = [];
  readonly #instructions: GroupInstruction[] = [];
  readonly #registers = new Map<Register, Register>();

  constructor(from: GroupProgram, regions: readonly Region[], seen: (view: View) => View) {
    this.#from = from;
    this.#regions = regions;
    this.#seen = seen;
  }

  program() {
    return {
      inputs: this.#inputs,
      indices: this.#indices,
      instructions: this.#instructions,
    };
  }

  load(view: View, region: Region, dtype: GroupInstruction["dtype"]): Register {
    this.ins.push(region);
    const input = this.#inputs.push(view) - 1;
    return this.#instructions.push({ kind: "input", input, dtype }) - 1;
  }

  /** What `register` is lies in `region`, and is read there. */
  give(register: Register, view: View, region: Region, dtype: GroupInstruction["dtype"]): void {
    this.#registers.set(register, this.load(view, region, dtype));
  }

  pick(register: Register): Register {
    const known = this.#registers.get(register);
    const instruction = this.#from.instructions[register];
    if (known !== undefined || instruction === undefined) return known ?? -1;
    const own = this.#copy(register, instruction);
    this.#registers.set(register, own);
    return own;
  }

  #copy(register: Register, instruction: GroupInstruction): Register {
    const other = this.replace(register, instruction);
    if (other !== undefined) return this.#push(other);
    switch (instruction.kind) {
      case "input": {
        const view = this.#from.inputs[instruction.input];
        const region = this.#regions[instruction.input];
        if (view === undefined || region === undefined) return -1;
        return this.load(this.#seen(view), region, instruction.dtype);
      }
      case "index": {
        const view = this.#from.indices[instruction.index];
        if (view === undefined) return -1;
        const index = this.#indices.push(this.#seen(view)) - 1;
        return this.#push({ ...instruction, index });
      }
      case "literal":
        return this.#push(instruction);
      case "unary":
      case "cast":
      case "reduce":
        return this.#push({ ...instruction, x: this.pick(instruction.x) });
      case "binary": {
        const a = this.pick(instruction.a);
        return this.#push({ ...instruction, a, b: this.pick(instruction.b) });
      }
      case "where": {
        const [condition = -1, a = -1, b = -1] = argumentsOf(instruction).map((r) => this.pick(r));
        return this.#push({ ...instruction, condition, a, b });
      }
      default:
        return instruction satisfies never;
    }
  }

  #push(instruction: GroupInstruction): Register {
    return this.#instructions.push(instruction) - 1;
  }
}
