/**
 * Functions over rows: (entries, rows, elements of a row, literals, scratch). Each pass walks the row's elements in
 * vectors of four; what is the same for the row lies in locals as splats. A row's last elements are done a vector at a
 * time, which is masked where it is reduced and stored by lanes: nothing is written behind a row, and up to 12 bytes are
 * read there.
 */
import type { Register } from "../../../scheduler/group-program.ts";
import { Entries, LITERALS } from "./entries.ts";
import { Evaluator } from "./evaluate.ts";
import { Block, FunctionWriter, GE_U, GT_U, LT_U, SHL, SHR_U, SUB } from "./function.ts";
import { type Form, lanesBefore, Maths } from "./math.ts";
import {
  acrossLanes,
  type Fold,
  foldOf,
  lowAndHigh,
  masked,
  noteNaN,
  tree,
  withNaN,
} from "./reductions.ts";
import { levelsIn, type Pass, passesOf, type Structure } from "./structure.ts";
import { f64x2, float, load, local, splat, type Value } from "./value.ts";

const ROWS = 1;
const COUNT = 2;
const SCRATCH = LITERALS + 1;

/** Bytes of a row whose sum is f32: four in a tree, 32 times. */
const PRECISE_BYTES = 2048;

/** Above so many instructions an element a vector at a time is enough to hide what a loop costs. */
const LONG = 48;

interface Accumulator {
  readonly register: Register;
  readonly x: Register;
  readonly fold: Fold;
  readonly total: number;
  /** Two f64. */
  readonly precise: number;
  readonly noted: number;
}

/** @returns the function's entry of the code section. */
export function emitRows(structure: Structure, form: Form) {
  return new RowsEmitter(structure, form).emit();
}

class RowsEmitter {
  readonly #writer = new FunctionWriter(5);
  readonly #structure: Structure;
  readonly #maths: Maths;
  readonly #passes: readonly Pass[];
  readonly #entries: Entries;
  readonly #levels;
  /** What is the same for a row, once it is computed. */
  readonly #held = new Map<Register, Value>();
  /** Where kept registers lie: the locals of their rows' starts, and of where a pass is in them. */
  readonly #kept = new Map<Register, { readonly base: number; readonly at: number }>();
  readonly #bytes: number;
  readonly #at: number;
  readonly #stop: number;
  readonly #left: number;

  constructor(structure: Structure, form: Form) {
    this.#structure = structure;
    this.#maths = new Maths(form);
    this.#passes = passesOf(structure, true);
    this.#levels = levelsIn(structure);
    const writer = this.#writer;
    this.#bytes = writer.i32();
    this.#at = writer.i32();
    this.#stop = writer.i32();
    this.#left = writer.i32();
    writer.get(COUNT);
    writer.constant(2);
    writer.code.byte(SHL);
    writer.set(this.#bytes);
    this.#entries = new Entries(writer, structure);
    this.#placeKept();
  }

  emit() {
    const writer = this.#writer;
    const leave = () => {
      writer.get(ROWS);
      writer.code.byte(0x45);
    };
    writer.loop(leave, () => {
      this.#hold(0);
      this.#passes.forEach((pass, p) => {
        this.#pass(pass);
        this.#hold(p + 1);
      });
      this.#storeItems();
      this.#entries.all.forEach((_, i) => {
        this.#entries.moveBy(i, "base", 1);
      });
      writer.bump(ROWS, -1);
    });
    return writer.body();
  }

  /** Kept registers lie one behind the other, each a row of whole vectors. */
  #placeKept(): void {
    const kept = this.#passes.flatMap(({ kept }) => kept);
    const writer = this.#writer;
    let last = SCRATCH;
    for (const register of kept) {
      const base = writer.i32();
      const at = writer.i32();
      writer.get(last);
      if (last !== SCRATCH) {
        writer.get(this.#bytes);
        writer.constant(15);
        writer.code.byte(0x6a);
        writer.constant(-16);
        writer.code.bytes(0x71, 0x6a);
      }
      writer.set(base);
      this.#kept.set(register, { base, at });
      last = base;
    }
  }

  /** Computes what is the same for the row and known after `stage` passes. */
  #hold(stage: number): void {
    const evaluator = new Evaluator(this.#structure.instructions, this.#maths, (register) =>
      this.#held.get(register),
    );
    this.#structure.instructions.forEach((instruction, register) => {
      const level = this.#levels[register];
      if (level?.isPerElement !== false || level.stage !== stage || instruction.kind === "reduce")
        return;
      let value = this.#entries.literal(register);
      if (value === undefined) {
        const home = this.#writer.v128();
        this.#writer.assign(home, this.#entries.value(instruction, 0) ?? evaluator.value(register));
        value = local(home);
      }
      this.#held.set(register, value);
    });
  }

  #pass(pass: Pass): void {
    const writer = this.#writer;
    const accumulators = pass.reductions.map(({ register, x, combine, dtype }): Accumulator => {
      const fold = foldOf(combine, dtype);
      const total = writer.v128();
      writer.assign(total, fold.neutral);
      const precise = fold.isPrecise ? writer.v128() : -1;
      if (fold.isPrecise) writer.assign(precise, float(0));
      const noted = fold.watchesNaN ? writer.v128() : -1;
      if (fold.watchesNaN) writer.assign(noted, float(0));
      return { register, x, fold, total, precise, noted };
    });
    const walked = this.#walkedIn(pass);
    const kept = [...pass.kept, ...pass.reread].flatMap(
      (register) => this.#kept.get(register) ?? [],
    );
    for (const i of walked) {
      const entry = this.#entries.all[i];
      if (entry === undefined) continue;
      writer.get(entry.base);
      writer.set(entry.at);
    }
    for (const { base, at } of kept) {
      writer.get(base);
      writer.set(at);
    }
    const pointers = kept.map(({ at }) => at);
    const width = this.#widthOf(pass);
    writer.constant(0);
    writer.set(this.#at);
    if (accumulators.some(({ fold }) => fold.isPrecise)) {
      writer.loop(
        () => this.#reaches(this.#bytes),
        () => {
          // The smaller of the row's end and the next stop.
          writer.get(this.#at);
          writer.constant(PRECISE_BYTES);
          writer.code.byte(0x6a);
          writer.tee(this.#stop);
          writer.get(this.#bytes);
          writer.get(this.#stop);
          writer.get(this.#bytes);
          writer.code.bytes(LT_U, 0x1b);
          writer.set(this.#stop);
          this.#walk(pass, accumulators, walked, pointers, width);
          for (const { fold, total, precise } of accumulators) {
            if (!fold.isPrecise) continue;
            const [low, high] = lowAndHigh(local(total));
            writer.assign(precise, f64x2.add(local(precise), f64x2.add(low, high)));
            writer.assign(total, float(0));
          }
        },
      );
    } else {
      writer.get(this.#bytes);
      writer.set(this.#stop);
      this.#walk(pass, accumulators, walked, pointers, width);
    }
    for (const accumulator of accumulators) this.#finish(accumulator);
  }

  #reaches(end: number): void {
    this.#writer.get(this.#at);
    this.#writer.get(end);
    this.#writer.code.byte(GE_U);
  }

  /** Entries that the pass moves along. */
  #walkedIn(pass: Pass): number[] {
    const read = [...pass.computed].flatMap((register) => {
      const instruction = this.#structure.instructions[register];
      return (instruction && this.#entries.input(instruction)) ?? [];
    });
    return [...new Set([...read, ...pass.stores.map((i) => this.#entries.store(i))])];
  }

  /** How many vectors a turn of the loop takes. It decides how sums are added, and so must depend on nothing but the structure. */
  #widthOf(pass: Pass): number {
    if (pass.computed.size > LONG) return pass.isSlow ? 2 : 1;
    return pass.isSlow || pass.reductions.length > 0 ? 4 : 2;
  }

  /** From where the row's walk is to `stop`. */
  #walk(
    pass: Pass,
    accumulators: readonly Accumulator[],
    walked: readonly number[],
    pointers: readonly number[],
    width: number,
  ): void {
    const writer = this.#writer;
    const move = (vectors: number) => {
      writer.bump(this.#at, 16 * vectors);
      for (const i of walked) this.#entries.moveLanes(i, "at", vectors);
      for (const at of pointers) writer.bump(at, 16 * vectors);
    };
    if (width > 1)
      writer.loop(
        () => {
          writer.get(this.#at);
          writer.constant(16 * width);
          writer.code.byte(0x6a);
          writer.get(this.#stop);
          writer.code.byte(GT_U);
        },
        () => {
          this.#turn(pass, accumulators, width, undefined);
          move(width);
        },
      );
    writer.loop(
      () => this.#reaches(this.#stop),
      () => {
        writer.get(this.#bytes);
        writer.get(this.#at);
        writer.code.byte(SUB);
        writer.constant(2);
        writer.code.byte(SHR_U);
        writer.set(this.#left);
        const mask = writer.v128();
        if (accumulators.length > 0) writer.assign(mask, lanesBefore(splat(this.#left)));
        this.#turn(pass, accumulators, 1, mask);
        writer.free(mask);
        move(1);
      },
    );
  }

  /** `width` vectors; with a mask, the one whose lanes may lie behind the row. */
  #turn(
    pass: Pass,
    accumulators: readonly Accumulator[],
    width: number,
    mask: number | undefined,
  ): void {
    const writer = this.#writer;
    const copies = Array.from({ length: width }, (_, k) => this.#evaluatorOf(pass, k));
    const terms = accumulators.map(({ x }) => copies.map((copy) => copy.value(x)));
    const totals = accumulators.flatMap(({ fold, total, noted }, a) => {
      const own = (terms[a] ?? []).map((term) =>
        mask === undefined ? term : masked(fold, term, local(mask)),
      );
      const updates = [{ to: total, value: fold.combine(local(total), tree(fold, own)) }];
      if (fold.watchesNaN) updates.push({ to: noted, value: noteNaN(local(noted), own) });
      return updates;
    });
    const keeps = pass.kept.flatMap((register) =>
      copies.map((copy, k) => ({
        to: this.#kept.get(register)?.at ?? -1,
        offset: 16 * k,
        value: copy.value(register),
      })),
    );
    const stores = pass.stores.flatMap((i) => {
      const store = this.#structure.stores[i];
      const entry = this.#entries.all[this.#entries.store(i)];
      if (store === undefined || entry === undefined) return [];
      return copies.map((copy, k) => ({
        to: entry.at,
        offset: 16 * k,
        value: copy.value(store.register),
      }));
    });
    const roots = [...totals, ...keeps, ...stores].map(({ value }) => value);
    const block = new Block(writer, roots);
    if (pass.isSlow && width > 1) {
      block.interleave(
        copies.map((copy) => [
          ...accumulators.map(({ x }) => copy.value(x)),
          ...pass.kept.map((register) => copy.value(register)),
          ...pass.stores.map((i) => copy.value(this.#structure.stores[i]?.register ?? -1)),
        ]),
      );
    }
    for (const { to, value } of totals) {
      block.push(value);
      writer.set(to);
    }
    for (const { to, offset, value } of keeps) {
      writer.get(to);
      block.push(value);
      this.#storeVector(offset);
    }
    if (mask !== undefined) this.#storeByLanes(block, stores);
    else {
      // A store may take the place of what another one's value reads.
      if (pass.stores.length > 1) for (const { value } of stores) block.bind(value);
      for (const { to, offset, value } of stores) {
        writer.get(to);
        block.push(value);
        this.#storeVector(offset);
      }
    }
  }

  #evaluatorOf(pass: Pass, k: number): Evaluator {
    return new Evaluator(this.#structure.instructions, this.#maths, (register, instruction) => {
      const held = this.#held.get(register);
      if (held !== undefined) return held;
      const kept = pass.reread.has(register) ? this.#kept.get(register) : undefined;
      if (kept !== undefined) return load(kept.at, 16 * k);
      return this.#entries.value(instruction, k);
    });
  }

  #storeVector(offset: number): void {
    this.#writer.simd(0x0b);
    this.#writer.code.byte(2);
    this.#writer.code.unsigned(offset);
  }

  #storeLane(to: number, from: number, lane: number): void {
    const writer = this.#writer;
    writer.get(to);
    writer.get(from);
    writer.simd(0x5a);
    writer.code.byte(2);
    writer.code.unsigned(4 * lane);
    writer.code.byte(lane);
  }

  /** Whole vectors where all lanes lie in the row, else those that do. */
  #storeByLanes(
    block: Block,
    stores: readonly { readonly to: number; readonly value: Value }[],
  ): void {
    if (stores.length === 0) return;
    const writer = this.#writer;
    const held = stores.map(({ to, value }) => {
      const from = writer.v128();
      block.push(value);
      writer.set(from);
      return { to, from };
    });
    writer.get(this.#left);
    writer.constant(4);
    writer.code.byte(GE_U);
    writer.if(
      () => {
        for (const { to, from } of held) {
          writer.get(to);
          writer.get(from);
          this.#storeVector(0);
        }
      },
      () => {
        for (let lane = 0; lane < 3; lane++) {
          const store = () => {
            for (const { to, from } of held) this.#storeLane(to, from, lane);
          };
          if (lane === 0) store();
          else {
            writer.get(this.#left);
            writer.constant(lane);
            writer.code.byte(GT_U);
            writer.if(store);
          }
        }
      },
    );
    for (const { from } of held) writer.free(from);
  }

  /** A reduction's result in all lanes, for whoever reads it. */
  #finish({ register, fold, total, precise, noted }: Accumulator): void {
    const writer = this.#writer;
    const home = this.#writer.v128();
    if (fold.isPrecise) {
      for (const lane of [0, 1]) {
        writer.get(precise);
        writer.simd(0x21);
        writer.code.byte(lane);
      }
      // f64.add, f32.demote_f64, f32x4.splat
      writer.code.bytes(0xa0, 0xb6);
      writer.simd(0x13);
      writer.set(home);
    } else {
      const own = fold.watchesNaN ? withNaN(local(total), local(noted)) : local(total);
      writer.assign(home, acrossLanes(fold, own));
    }
    this.#held.set(register, local(home));
    for (const vector of [total, precise, noted]) if (vector >= 0) writer.free(vector);
  }

  #storeItems(): void {
    this.#structure.stores.forEach(({ isPerElement, register }, i) => {
      const entry = this.#entries.all[this.#entries.store(i)];
      const value = this.#held.get(register);
      if (isPerElement || entry === undefined || value?.kind !== "local") return;
      this.#storeLane(entry.base, value.index, 0);
    });
  }
}
