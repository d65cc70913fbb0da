/** What a walk's function is made from, as it comes together, and the words of its call; see ../emit/walk-structure.ts. */
import type { CellProgram, CellSlot } from "../../../scheduler/cell-program.ts";
import type { GroupInstruction, Register } from "../../../scheduler/group-program.ts";
import { floatBits, type Operand, type Region } from "../../../scheduler/lowering.ts";
import type { Place, WalkRead, WalkStructure, WalkWrite } from "../emit/walk-structure.ts";

/** How a stream's row is found at a step; wasm/walk.ts. */
export const Kind = { step: 0, before: 1, after: 2, fixed: 3, vector: 4 } as const;
type Kind = (typeof Kind)[keyof typeof Kind];

/** What is done before the first step, before a second product, in a step, and for a row that has ended. */
export const Part = { start: 0, between: 1, live: 2, ended: 3 } as const;
type Part = (typeof Part)[keyof typeof Part];

interface Stream {
  readonly operand: number;
  readonly numbers: number;
  readonly kind: Kind;
}

interface Product {
  readonly matrix: number;
  readonly packed: number;
  readonly from: number;
  /** What the sums go on from. */
  readonly init: number | undefined;
  readonly to: number;
}

export class WalkStreams {
  readonly operands: Operand[] = [];
  readonly #streams: Stream[] = [];
  readonly #products: Product[] = [];
  readonly #reads: WalkRead[] = [];
  readonly #instructions: GroupInstruction[] = [];
  readonly #literals: number[] = [];
  readonly #parts: WalkWrite[][] = [[], [], [], []];
  #zero: Register | undefined;

  operand(region: Region, access: Operand["access"]): number {
    const known = this.operands.findIndex(
      (one) => one.region.buffer === region.buffer && one.region.offset === region.offset,
    );
    if (known === -1) return this.operands.push({ region, access }) - 1;
    if (this.operands[known]?.access !== access)
      this.operands[known] = { region, access: "readwrite" };
    return known;
  }

  /** The number of a stream; one that lies in another's place is the same. */
  stream(region: Region, access: Operand["access"], numbers: number, kind: Kind): number {
    const operand = this.operand(region, access);
    const known = this.#streams.findIndex(
      (one) => one.operand === operand && one.kind === kind && one.numbers === numbers,
    );
    return known === -1 ? this.#streams.push({ operand, numbers, kind }) - 1 : known;
  }

  product(product: Product): void {
    this.#products.push(product);
  }

  read(read: WalkRead): Register {
    const input = this.#reads.push(read) - 1;
    return this.#instructions.push({ kind: "input", input, dtype: "f32" }) - 1;
  }

  write(part: Part, register: Register, place: Place): void {
    this.#parts[part]?.push({ ...place, register });
  }

  zero(part: Part, place: Place): void {
    this.#zero ??= this.#literal({ kind: "literal", value: 0, dtype: "f32" });
    this.write(part, this.#zero, place);
  }

  /** A part computes a program, whose slots are read from registers and written to places. */
  compute(
    part: Part,
    program: CellProgram,
    read: (slot: CellSlot) => Register,
    placesOf: (slot: CellSlot) => readonly Place[],
  ): void {
    const registers: Register[] = [];
    for (const instruction of program.instructions) {
      const slot = instruction.kind === "input" ? program.reads[instruction.input] : undefined;
      if (slot !== undefined) registers.push(read(slot));
      else if (instruction.kind === "literal") registers.push(this.#literal(instruction));
      else registers.push(this.#instructions.push(moved(instruction, registers)) - 1);
    }
    for (const { slot, register } of program.writes)
      for (const place of placesOf(slot)) this.write(part, registers[register] ?? -1, place);
  }

  structure(): WalkStructure {
    return {
      template: "walk",
      streams: this.#streams.map(({ numbers }) => numbers),
      reads: this.#reads,
      instructions: this.#instructions,
      parts: this.#parts,
    };
  }

  /** `first`: those of the frame. */
  words(first: readonly number[]): number[] {
    return [
      ...first,
      this.#streams.length,
      this.#products.length,
      this.#literals.length,
      ...this.#streams.flatMap(({ operand, numbers, kind }) => [operand, numbers, kind]),
      ...this.#products.flatMap(({ matrix, packed, from, init = -1, to }) => [
        matrix,
        packed,
        from,
        init,
        to,
      ]),
      ...this.#literals,
    ];
  }

  #literal(instruction: Extract<GroupInstruction, { kind: "literal" }>): Register {
    const { value, dtype } = instruction;
    this.#literals.push(dtype === "f32" ? floatBits(value) : value >>> 0);
    return this.#instructions.push({ ...instruction, value: 0 }) - 1;
  }
}

/** The instruction where its arguments stand elsewhere. */
function moved(instruction: GroupInstruction, to: readonly Register[]): GroupInstruction {
  const at = (register: Register) => to[register] ?? -1;
  switch (instruction.kind) {
    case "unary":
    case "cast":
      return { ...instruction, x: at(instruction.x) };
    case "binary":
      return { ...instruction, a: at(instruction.a), b: at(instruction.b) };
    case "where":
      return {
        ...instruction,
        condition: at(instruction.condition),
        a: at(instruction.a),
        b: at(instruction.b),
      };
    default:
      return instruction;
  }
}
