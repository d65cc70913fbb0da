/**
 * What an emitted function is made from: a group's program without sizes, strides, offsets and the values of its
 * literals, which are words of the call. Programs of one structure share a function, whatever their shapes.
 *
 * A function goes through *items* of the kept dimensions, and through the elements that belong to an item. In a function
 * over **rows** an item is a number, and four of its elements are a vector. In one over **columns** four neighbouring
 * items are a vector, whose elements are walked one after the other.
 */
import {
  type GroupInstruction,
  type Level,
  levelsBy,
  type Register,
} from "../../../scheduler/group-program.ts";

/** How an entry lies. */
export interface Reach {
  /** Whether it differs between the elements of an item. */
  readonly isPerElement: boolean;
  /** Whether it differs between the lanes of a vector, which lie side by side. */
  readonly isVector: boolean;
}

interface StructureIndex extends Reach {
  /** Whether it does not grow evenly, and is read from a block like an input. */
  readonly isBlock: boolean;
}

interface StructureStore extends Reach {
  readonly register: Register;
  /** The pass over the elements that writes it; nothing where it is written once an item. */
  readonly pass: number;
  /** Whether it is added to what is there. */
  readonly isTotal: boolean;
  /** Whether it overwrites an input. */
  readonly isInPlace: boolean;
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

/** `levelsOf` of the program. */
export const levelsIn = ({ inputs, indices, instructions }: Structure): Level[] =>
  levelsBy(instructions, (read) => {
    const reach = read.kind === "input" ? inputs[read.input] : indices[read.index];
    return reach?.isPerElement !== true;
  });
