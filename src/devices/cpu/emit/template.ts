/**
 * What functions over rows and over columns have in common. A function takes a *tile* of items at a time: one row, or the
 * columns in the lanes of a few vectors. What is the same for all elements of an item lies in locals. Each pass walks the
 * tile's elements, in *turns* of straight-line code; how, is what the templates differ in. What it has reduced lies in
 * locals for the passes behind it.
 */
import type { GroupInstruction, Register } from "../../../scheduler/group-program.ts";
import { Accumulator } from "./accumulator.ts";
import { assign } from "./block.ts";
import { Entries } from "./entries.ts";
import { Evaluator } from "./evaluate.ts";
import type { FunctionWriter } from "./function.ts";
import { type Form, Maths } from "./math.ts";
import { type Pass, passesOf } from "./passes.ts";
import { levelsIn, type Structure } from "./structure.ts";
import { local, type Value } from "./value.ts";

/** A row, or the columns of one vector. */
export interface Items {
  /** What is the same for all of their elements. */
  readonly known: Map<Register, Value>;
  /** What the present pass reduces. */
  accumulators: readonly Accumulator[];
}

export class Template {
  readonly writer: FunctionWriter;
  readonly structure: Structure;
  readonly entries: Entries;
  readonly passes: readonly Pass[];
  readonly #maths: Maths;
  readonly #levels;
  readonly #isOverRows: boolean;

  constructor(writer: FunctionWriter, structure: Structure, form: Form) {
    this.writer = writer;
    this.structure = structure;
    this.#isOverRows = structure.template === "rows";
    this.#maths = new Maths(form);
    this.#levels = levelsIn(structure);
    this.passes = passesOf(structure, this.#isOverRows);
    this.entries = new Entries(writer, structure);
  }

  /** Every pass over the elements of a tile: `walk` does one; then `store` is given what is stored once an item. */
  tile(
    width: number,
    walk: (pass: Pass, tile: readonly Items[]) => void,
    store: (to: number, from: number, k: number) => void,
  ): void {
    const { writer } = this;
    const homes: number[] = [];
    const tile = Array.from(
      { length: width },
      (): Items => ({ known: new Map(), accumulators: [] }),
    );
    this.#hold(0, tile, homes);
    this.passes.forEach((pass, p) => {
      for (const items of tile) {
        items.accumulators = pass.reductions.map(
          (reduction) => new Accumulator(writer, reduction, this.#isOverRows),
        );
      }
      walk(pass, tile);
      for (const { known, accumulators } of tile) {
        for (const accumulator of accumulators) {
          const home = accumulator.finish();
          homes.push(home);
          known.set(accumulator.register, local(home));
        }
      }
      this.#hold(p + 1, tile, homes);
    });
    this.structure.stores.forEach(({ isPerElement }, i) => {
      if (isPerElement) return;
      const { entry, register } = this.entries.storeOf(i);
      tile.forEach(({ known }, k) => {
        const value = known.get(register);
        if (value?.kind === "local") store(entry.base, value.index, k);
      });
    });
    for (const home of homes) writer.free(home);
  }

  /** Computes what is the same for all elements of an item and known after `stage` passes. */
  #hold(stage: number, tile: readonly Items[], homes: number[]): void {
    tile.forEach(({ known }, k) => {
      const evaluator = this.#evaluator((register) => known.get(register));
      this.structure.instructions.forEach((instruction, register) => {
        const level = this.#levels[register];
        const isDue = level?.perRow === true && level.stage === stage;
        if (!isDue || instruction.kind === "reduce") return;
        let value = this.entries.literal(register);
        if (value === undefined) {
          const home = this.writer.v128();
          assign(
            this.writer,
            home,
            this.entries.value(instruction, k) ?? evaluator.value(register),
          );
          homes.push(home);
          value = local(home);
        }
        known.set(register, value);
      });
    });
  }

  /** A vector of elements: `read` says where those registers are that neither the items know nor the pass computes. */
  vector(
    { known }: Items,
    read: (register: Register, instruction: GroupInstruction) => Value | undefined,
  ): Evaluator {
    return this.#evaluator(
      (register, instruction) => known.get(register) ?? read(register, instruction),
    );
  }

  #evaluator(
    known: (register: Register, instruction: GroupInstruction) => Value | undefined,
  ): Evaluator {
    return new Evaluator(this.structure.instructions, this.#maths, known);
  }
}
