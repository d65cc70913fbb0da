/**
 * What the function of a cell's walk is made from. It works on *streams*, each of a few numbers a unit that lie interleaved,
 * [row][unit][number]; where they lie it is told. It has a part for each thing that a walk does with the rows of a step.
 */
import type { GroupInstruction, Register } from "../../../scheduler/group-program.ts";

/** One of a stream's numbers. */
export interface Place {
  readonly stream: number;
  readonly number: number;
}

/** What an instruction of kind "input" reads: the sum of what stands at the places. */
export interface WalkRead {
  readonly places: readonly Place[];
  /** Whether what is tiny becomes 0. */
  readonly isFlushed: boolean;
}

export interface WalkWrite extends Place {
  readonly register: Register;
}

/** What a part writes: of every stream all numbers, or none. */
export type WalkPart = readonly WalkWrite[];

export interface WalkStructure {
  readonly template: "walk";
  /** Numbers a unit. */
  readonly streams: readonly number[];
  readonly reads: readonly WalkRead[];
  /** Literals have the value 0: they are words of the call. */
  readonly instructions: readonly GroupInstruction[];
  /** As they are counted in wasm/walk.ts; empty where the walk has no such part. */
  readonly parts: readonly WalkPart[];
}
