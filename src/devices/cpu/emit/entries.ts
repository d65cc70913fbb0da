/**
 * What an emitted function is told of each input, index and store: four words, as wasm/group.ts writes them.
 *
 * | word | input or store | index |
 * |---|---|---|
 * | 0 | address of the first item's first element | its value |
 * | 1 | bytes to the next item (rows), to the next element (columns) | what it grows by |
 * | 2 | bytes to the next run of elements (columns) | what it grows by |
 * | 3 | | what it grows by from lane to lane |
 */

import { InternalError } from "../../../errors.ts";
import type { GroupInstruction } from "../../../scheduler/group-program.ts";
import { hold } from "./block.ts";
import { ADD, type FunctionWriter, MUL } from "./function.ts";
import type { Pass } from "./passes.ts";
import { applyCast } from "./scalars.ts";
import type { Reach, Structure } from "./structure.ts";
import { i32x4, lanes, load, loadSplat, local, splat, type Value } from "./value.ts";

const ENTRY_BYTES = 16;

/** Parameters of every emitted function. */
const ENTRIES = 0;
export const LITERALS = 3;

/** An input, index or store inside a function. */
export interface Entry extends Reach {
  readonly isIndex: boolean;
  /** The local of word 0, moved from item to item. */
  readonly base: number;
  /** The local that walks through the elements. */
  readonly at: number;
  /** Of an index that differs between lanes: what they add, and what four lanes further adds. */
  readonly lanes?: { readonly own: number; readonly four: number };
}

export class Entries {
  readonly #writer: FunctionWriter;
  readonly #structure: Structure;
  readonly all: readonly Entry[];
  readonly #literals = new Map<number, number>();

  /** Loads what does not change between items. */
  constructor(writer: FunctionWriter, structure: Structure) {
    this.#writer = writer;
    this.#structure = structure;
    const { inputs, indices, stores, instructions } = structure;
    const reaches = [
      ...inputs.map((reach) => ({ ...reach, isIndex: false })),
      ...indices.map((reach) => ({ ...reach, isIndex: !reach.isBlock })),
      ...stores.map((reach) => ({ ...reach, isIndex: false })),
    ];
    this.all = reaches.map(({ isPerElement, isVector, isIndex }, i) => {
      const base = writer.i32();
      this.word(i, 0);
      writer.set(base);
      const entry = {
        isPerElement,
        isVector,
        isIndex,
        base,
        at: isPerElement ? writer.i32() : base,
      };
      if (!isIndex || !isVector) return entry;
      const step = writer.i32();
      this.word(i, 3);
      writer.set(step);
      const own = hold(writer, i32x4.mul(lanes, splat(step)));
      const four = hold(writer, i32x4.shl(splat(step), 2));
      return { ...entry, lanes: { own, four } };
    });
    instructions.forEach((instruction, register) => {
      if (instruction.kind !== "literal") return;
      const home = hold(writer, loadSplat(LITERALS, 4 * this.#literals.size));
      this.#literals.set(register, home);
    });
  }

  /** Word `word` of an entry, on the stack. */
  word(entry: number, word: number): void {
    this.#writer.get(ENTRIES);
    this.#writer.loadWord(ENTRY_BYTES * entry + 4 * word);
  }

  input(instruction: GroupInstruction): number | undefined {
    if (instruction.kind === "input") return instruction.input;
    if (instruction.kind === "index") return this.#structure.inputs.length + instruction.index;
    return undefined;
  }

  store(index: number): number {
    return this.#structure.inputs.length + this.#structure.indices.length + index;
  }

  /** The entry of store `index`, and what it stores. */
  storeOf(index: number) {
    const entry = this.all[this.store(index)];
    const store = this.#structure.stores[index];
    if (entry === undefined || store === undefined)
      throw new InternalError("cpu: a group has no such store.");
    return { entry, register: store.register, isTotal: store.isTotal };
  }

  /** Numbers of the entries that a pass moves along. */
  walkedIn(pass: Pass): number[] {
    const read = [...pass.computed].flatMap((register) => {
      const instruction = this.#structure.instructions[register];
      return (instruction && this.input(instruction)) ?? [];
    });
    return [...new Set([...read, ...pass.stores.map((i) => this.store(i))])];
  }

  literal(register: number): Value | undefined {
    const held = this.#literals.get(register);
    return held === undefined ? undefined : local(held);
  }

  /** What an input or index is in vector `k` behind where it stands, or behind what the local `at` says. */
  value(instruction: GroupInstruction, k: number, at?: number): Value | undefined {
    const entry = this.all[this.input(instruction) ?? -1];
    if (entry === undefined) return undefined;
    const place = at ?? entry.at;
    const dtype = instruction.kind === "index" ? "i32" : instruction.dtype;
    let value = entry.isVector ? load(place, 16 * k) : loadSplat(place);
    if (entry.isIndex) value = splat(place);
    if (entry.lanes !== undefined) {
      value = i32x4.add(value, local(entry.lanes.own));
      for (let i = 0; i < k; i++) value = i32x4.add(value, local(entry.lanes.four));
    }
    return applyCast(value, dtype, instruction.dtype);
  }

  /** Moves a local that an entry lies at by `vectors` vectors. */
  moveLanes(entry: number, place: "at" | "base", vectors: number): void {
    const { isIndex, isVector, [place]: moved } = this.all[entry] as Entry;
    if (!isVector) return;
    if (!isIndex) {
      this.#writer.bump(moved, 16 * vectors);
      return;
    }
    this.#writer.get(moved);
    this.word(entry, 3);
    this.#writer.constant(4 * vectors);
    this.#writer.code.bytes(MUL, ADD);
    this.#writer.set(moved);
  }

  /** Moves a local by a word of the entry. */
  moveBy(entry: number, place: "at" | "base", word: number): void {
    const { [place]: moved } = this.all[entry] as Entry;
    this.#writer.get(moved);
    this.word(entry, word);
    this.#writer.code.byte(ADD);
    this.#writer.set(moved);
  }
}
