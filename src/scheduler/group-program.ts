/**
 * What a group of fused ops computes: straight-line code over an index space. The first `kept` dimensions of the space
 * number its *rows*, the others the elements of a row; reductions run along a row, and what they make is the same for all
 * its elements. Register r is the result of instruction r. A program without reductions is elementwise; a loss is one
 * whose only row is everything; softmax reduces each row twice and reads it again.
 *
 * A register is either *per row* or *per element* (`levelsOf`). Whoever runs a program goes over a row once for each
 * stage of it, and over the last stage's elements to store.
 */
import type { Segment } from "../ops/packed.ts";
import type { BinaryName, UnaryName } from "../ops/scalars.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";

export type Register = number;

/** How the terms of a reduction become one. */
export type Combine = "sum" | "max" | "min";

export type GroupInstruction =
  /** Element of input `input`, read through that input's view. */
  | { readonly kind: "input"; readonly input: number; readonly dtype: DType }
  | { readonly kind: "literal"; readonly value: number; readonly dtype: DType }
  /** The place that view `index` of `indices` gives, a number counted rather than read: what iota is. */
  | { readonly kind: "index"; readonly index: number; readonly dtype: DType }
  /** The argument's dtype is that of register `x`; `dtype` is the result's. */
  | { readonly kind: "unary"; readonly fn: UnaryName; readonly x: Register; readonly dtype: DType }
  /** `a` and `b` have one dtype. */
  | {
      readonly kind: "binary";
      readonly fn: BinaryName;
      readonly a: Register;
      readonly b: Register;
      readonly dtype: DType;
    }
  | {
      readonly kind: "where";
      readonly condition: Register;
      readonly a: Register;
      readonly b: Register;
      readonly dtype: DType;
    }
  | { readonly kind: "cast"; readonly x: Register; readonly dtype: DType }
  /** All elements of a row combined; `dtype` is that of `x`, which may be per row: then it counts once for each element. */
  | {
      readonly kind: "reduce";
      readonly combine: Combine;
      readonly x: Register;
      readonly dtype: DType;
    };

/** Where the elements of the space lie in a region: a way of reading and of writing. */
export interface View {
  /** Elements from the region's start to index 0. */
  readonly offset: number;
  /** Elements between neighbours along each dimension of the space; 0 where they are the same. */
  readonly strides: readonly number[];
  /** Whether some elements of the space lie beside the region: what is read for them may be anything, and is not used. */
  readonly reachesBeyond?: true;
}

/** Where a register is stored. No two elements, or rows, are stored in one place, but where they are added up there. */
export interface Store extends View {
  /** Per row with strides of 0 along the row, or one element for each of the space. */
  readonly register: Register;
  /** The sum over all rows, of f32: an element for each of a row, with strides of 0 along the kept dimensions. */
  readonly isTotal?: true;
}

export interface GroupProgram {
  /** Sizes of the space: kept dimensions, then those of a row; neighbours are merged where all views allow it, none is 1. */
  readonly shape: Shape;
  /** How many of them are kept. Without reductions all of them. */
  readonly kept: number;
  readonly inputs: readonly View[];
  readonly indices: readonly View[];
  readonly instructions: readonly GroupInstruction[];
  readonly stores: readonly Store[];
  /**
   * Of a program over packed tensors, whose only dimension counts the places of the pack: those that hold elements. In the
   * others nothing is computed or reduced, and what is stored there is 0. Views walk such a program with strides of 0 or 1.
   */
  readonly segments?: readonly Segment[];
}

/** What is known of a register before anything runs. */
export interface Level {
  /** Whether it is the same for all elements of a row. */
  readonly perRow: boolean;
  /** How many reductions, each waiting for the one before, it waits for: it is known on pass `stage`, counted from 0. */
  readonly stage: number;
}

/** The level of every register. */
export function levelsOf({ shape, kept, inputs, indices, instructions }: GroupProgram): Level[] {
  return levelsBy(instructions, (read) => {
    const view = read.kind === "input" ? inputs[read.input] : indices[read.index];
    return shape.every((n, d) => d < kept || n === 1 || view?.strides[d] === 0);
  });
}

/** An instruction that reads through a view. */
export type Read = Extract<GroupInstruction, { readonly kind: "input" | "index" }>;

/** The same where `isPerRow` says what is the same for all elements of a row. */
export function levelsBy(
  instructions: readonly GroupInstruction[],
  isPerRow: (read: Read) => boolean,
): Level[] {
  const levels: Level[] = [];
  for (const instruction of instructions) {
    const own = argumentsOf(instruction).map((r) => levels[r]);
    const stage = Math.max(0, ...own.map((level) => level?.stage ?? 0));
    if (instruction.kind === "reduce") levels.push({ perRow: true, stage: stage + 1 });
    else {
      const isRead = instruction.kind === "input" || instruction.kind === "index";
      const perRow = isRead ? isPerRow(instruction) : own.every((level) => level?.perRow ?? true);
      levels.push({ perRow, stage });
    }
  }
  return levels;
}

/** The registers that an instruction reads. */
export function argumentsOf(instruction: GroupInstruction): readonly Register[] {
  switch (instruction.kind) {
    case "input":
    case "literal":
    case "index":
      return [];
    case "unary":
    case "cast":
    case "reduce":
      return [instruction.x];
    case "binary":
      return [instruction.a, instruction.b];
    case "where":
      return [instruction.condition, instruction.a, instruction.b];
    default:
      return instruction satisfies never;
  }
}

/** Whether every term is reduced once, and what is stored is one for each row. */
export function isOnePass(program: GroupProgram): boolean {
  const levels = levelsOf(program);
  const { stores, kept } = program;
  return (
    levels.every(({ stage }) => stage <= 1) &&
    stores.every(({ strides }) => strides.slice(kept).every((stride) => stride === 0)) &&
    stores.every(({ register }) => levels[register]?.perRow === true)
  );
}

/** The inputs that some reduction's terms are made of. */
export function termInputs({ instructions }: GroupProgram): Set<number> {
  const inputs = new Set<number>();
  const isTerm: boolean[] = [];
  for (let r = instructions.length - 1; r >= 0; r--) {
    const instruction = instructions[r];
    if (instruction === undefined) continue;
    if (instruction.kind !== "reduce" && !isTerm[r]) continue;
    if (instruction.kind === "input") inputs.add(instruction.input);
    for (const argument of argumentsOf(instruction)) isTerm[argument] = true;
  }
  return inputs;
}
