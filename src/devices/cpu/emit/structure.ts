/**
 * What an emitted function is made from: a group's program without sizes, strides, offsets and the values of its
 * literals, which are words of the call. Programs of one structure share a function, whatever their shapes.
 *
 * A function goes through *items* of the kept dimensions, and through the elements that belong to an item. In a function
 * over **rows** an item is a number, and four of its elements are a vector. In one over **columns** four neighbouring
 * items are a vector, whose elements are walked one after the other.
 */
import { InternalError } from "../../../errors.ts";
import {
  argumentsOf,
  type GroupInstruction,
  type Register,
} from "../../../scheduler/group-program.ts";
import { isSlow } from "./scalars.ts";

/** How an entry lies. */
export interface Reach {
  /** Whether it differs between the elements of an item. */
  readonly isPerElement: boolean;
  /** Whether it differs between the lanes of a vector, which lie side by side. */
  readonly isVector: boolean;
}

export interface StructureIndex extends Reach {
  /** Whether it does not grow evenly, and is read from a block like an input. */
  readonly isBlock: boolean;
}

export interface StructureStore extends Reach {
  readonly register: Register;
  /** The pass over the elements that writes it; nothing where it is written once an item. */
  readonly pass: number;
}

export interface Structure {
  readonly template: "rows" | "columns";
  /** Over columns: vectors side by side, whose last may be no whole one if `isNarrow`: then there are no more columns. */
  readonly width: number;
  readonly isNarrow: boolean;
  readonly inputs: readonly Reach[];
  readonly indices: readonly StructureIndex[];
  /** Literals have the value 0. */
  readonly instructions: readonly GroupInstruction[];
  readonly stores: readonly StructureStore[];
}

export interface Level {
  readonly isPerElement: boolean;
  readonly stage: number;
}

/** `levelsOf` of the program. */
export function levelsIn({ inputs, indices, instructions }: Structure): Level[] {
  const levels: Level[] = [];
  for (const instruction of instructions) {
    const of = argumentsOf(instruction).map((r) => levels[r]);
    const stage = Math.max(0, ...of.map((level) => level?.stage ?? 0));
    if (instruction.kind === "reduce") levels.push({ isPerElement: false, stage: stage + 1 });
    else {
      const reach =
        instruction.kind === "input"
          ? inputs[instruction.input]
          : instruction.kind === "index"
            ? indices[instruction.index]
            : undefined;
      const isPerElement = reach?.isPerElement ?? of.some((level) => level?.isPerElement === true);
      levels.push({ isPerElement, stage });
    }
  }
  return levels;
}

export type Reduction = Extract<GroupInstruction, { kind: "reduce" }> & {
  readonly register: Register;
};

/** One walk through the elements of an item. */
export interface Pass {
  readonly reductions: readonly Reduction[];
  /** Numbers of the stores. */
  readonly stores: readonly number[];
  /** Registers that are computed per element. */
  readonly computed: ReadonlySet<Register>;
  /** Those of them that a later pass wants. */
  readonly kept: readonly Register[];
  /** Registers kept by an earlier one. */
  readonly reread: ReadonlySet<Register>;
  readonly isSlow: boolean;
}

/**
 * The passes, one for each stage. A register that is slow to compute is kept, where `keeps` says so, for the passes behind
 * the first that computes it; all else is computed again.
 */
export function passesOf(structure: Structure, keeps: boolean): Pass[] {
  const { instructions, stores } = structure;
  const levels = levelsIn(structure);
  const reductions = instructions.flatMap((instruction, register) =>
    instruction.kind === "reduce" ? [{ ...instruction, register }] : [],
  );
  const perElement = stores.flatMap((store, i) => (store.isPerElement ? [{ ...store, i }] : []));
  const count = Math.max(
    0,
    ...reductions.map(({ register }) => levels[register]?.stage ?? 0),
    ...perElement.map(({ pass }) => pass + 1),
  );
  const before = new Set<Register>();
  const passes = Array.from({ length: count }, (_, stage) => {
    const computed = new Set<Register>();
    const reread = new Set<Register>();
    const own = reductions.filter(({ register }) => levels[register]?.stage === stage + 1);
    const written = perElement.filter(({ pass }) => pass === stage);
    const visit = (register: Register) => {
      const instruction = instructions[register];
      if (instruction === undefined) throw new InternalError("cpu: a group reads no register.");
      if (levels[register]?.isPerElement !== true || computed.has(register)) return;
      if (keeps && before.has(register) && takesLong(instruction)) reread.add(register);
      else {
        computed.add(register);
        argumentsOf(instruction).forEach(visit);
      }
    };
    for (const { x } of own) visit(x);
    for (const { register } of written) visit(register);
    for (const register of computed) before.add(register);
    const slow = [...computed].some((register) => {
      const instruction = instructions[register];
      return instruction !== undefined && takesLong(instruction);
    });
    return { reductions: own, stores: written.map(({ i }) => i), computed, reread, isSlow: slow };
  });
  return passes.map((pass, p) => ({
    ...pass,
    kept: [...pass.computed].filter(
      (register) =>
        passes.findIndex(({ computed }) => computed.has(register)) === p &&
        passes.some(({ reread }) => reread.has(register)),
    ),
  }));
}

function takesLong(instruction: GroupInstruction): boolean {
  return (
    (instruction.kind === "unary" || instruction.kind === "binary") && isSlow.has(instruction.fn)
  );
}
