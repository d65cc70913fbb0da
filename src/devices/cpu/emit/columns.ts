/**
 * Functions over columns: (entries, columns, elements of a run, literals, runs). Neighbouring items lie in the lanes of a
 * few vectors, and their elements, which lie apart, are walked one after the other: run by run, where they do not all lie
 * at one distance. Each pass walks them again. The last columns are done a vector at a time and stored by lanes: nothing is
 * written behind them, and up to 12 bytes are read there.
 */
import type { Register } from "../../../scheduler/group-program.ts";
import { Entries, LITERALS } from "./entries.ts";
import { Evaluator } from "./evaluate.ts";
import { ADD, Block, EQZ, FunctionWriter, GE_U, GT_U, LT_U, SHL, SHR_U, SUB } from "./function.ts";
import { type Form, Maths } from "./math.ts";
import { type Fold, foldOf, lowAndHigh, noteNaN, tree, withNaN } from "./reductions.ts";
import { levelsIn, type Pass, passesOf, type Structure } from "./structure.ts";
import { f32x4, f64x2, float, local, shuffle, type Value } from "./value.ts";

const COLUMNS = 1;
const ELEMENTS = 2;
const RUNS = LITERALS + 1;

/** Elements whose sum is f32. */
const PRECISE = 32;

/** Up to so many instructions an element, and so many vectors side by side, an addition is what is waited for. */
const SHORT = 3;
const NARROW = 4;

/** Where the entries that are walked lie, by number, if not where they stand. */
type Places = ReadonlyMap<number, number>;

/** The totals of one vector of columns. */
interface Accumulator {
  readonly register: Register;
  readonly x: Register;
  readonly fold: Fold;
  readonly total: number;
  /** Four f64. */
  readonly low: number;
  readonly high: number;
  readonly noted: number;
}

/** @returns the function's entry of the code section. */
export function emitColumns(structure: Structure, form: Form) {
  return new ColumnsEmitter(structure, form).emit();
}

class ColumnsEmitter {
  readonly #writer = new FunctionWriter(5);
  readonly #structure: Structure;
  readonly #maths: Maths;
  readonly #passes: readonly Pass[];
  readonly #entries: Entries;
  readonly #levels;
  readonly #at: number;
  readonly #bytes: number;
  readonly #left: number;
  readonly #runs: number;
  readonly #rest: number;
  readonly #turn: number;

  constructor(structure: Structure, form: Form) {
    this.#structure = structure;
    this.#maths = new Maths(form);
    this.#passes = passesOf(structure, false);
    this.#levels = levelsIn(structure);
    const writer = this.#writer;
    this.#at = writer.i32();
    this.#bytes = writer.i32();
    this.#left = writer.i32();
    this.#runs = writer.i32();
    this.#rest = writer.i32();
    this.#turn = writer.i32();
    this.#entries = new Entries(writer, structure);
  }

  emit() {
    const writer = this.#writer;
    writer.get(COLUMNS);
    writer.constant(2);
    writer.code.byte(SHL);
    writer.set(this.#bytes);
    const { width, isNarrow } = this.#structure;
    if (isNarrow) {
      writer.get(COLUMNS);
      writer.constant(4 * (width - 1));
      writer.code.byte(SUB);
      writer.set(this.#left);
      this.#columns(width, true);
      return writer.body();
    }
    writer.loop(
      () => {
        writer.get(this.#at);
        writer.constant(16 * width);
        writer.code.byte(0x6a);
        writer.get(this.#bytes);
        writer.code.byte(GT_U);
      },
      () => this.#columns(width, false),
    );
    writer.loop(
      () => {
        writer.get(this.#at);
        writer.get(this.#bytes);
        writer.code.byte(GE_U);
      },
      () => {
        writer.get(this.#bytes);
        writer.get(this.#at);
        writer.code.byte(SUB);
        writer.constant(2);
        writer.code.byte(SHR_U);
        writer.set(this.#left);
        this.#columns(1, true);
      },
    );
    return writer.body();
  }

  #columns(width: number, isLast: boolean): void {
    const writer = this.#writer;
    const held = Array.from({ length: width }, () => new Map<Register, Value>());
    const locals: number[] = [];
    this.#hold(0, held, locals);
    this.#passes.forEach((pass, p) => {
      this.#pass(pass, held, locals, isLast);
      this.#hold(p + 1, held, locals);
    });
    this.#storeItems(held, isLast);
    for (const vector of locals) writer.free(vector);
    this.#entries.all.forEach((_, i) => {
      this.#entries.moveLanes(i, "base", width);
    });
    writer.bump(this.#at, 16 * width);
  }

  /** Computes, for each vector of columns, what is the same for its elements and known after `stage` passes. */
  #hold(stage: number, held: readonly Map<Register, Value>[], locals: number[]): void {
    held.forEach((own, k) => {
      const evaluator = new Evaluator(this.#structure.instructions, this.#maths, (register) =>
        own.get(register),
      );
      this.#structure.instructions.forEach((instruction, register) => {
        const level = this.#levels[register];
        if (level?.isPerElement !== false || level.stage !== stage || instruction.kind === "reduce")
          return;
        let value = this.#entries.literal(register);
        if (value === undefined) {
          const home = this.#writer.v128();
          this.#writer.assign(
            home,
            this.#entries.value(instruction, k) ?? evaluator.value(register),
          );
          locals.push(home);
          value = local(home);
        }
        own.set(register, value);
      });
    });
  }

  #pass(
    pass: Pass,
    held: readonly Map<Register, Value>[],
    locals: number[],
    isLast: boolean,
  ): void {
    const writer = this.#writer;
    const fresh = (wanted: boolean, value: Value) => {
      if (!wanted) return -1;
      const home = writer.v128();
      writer.assign(home, value);
      return home;
    };
    const accumulators = held.map(() =>
      pass.reductions.map(({ register, x, combine, dtype }): Accumulator => {
        const fold = foldOf(combine, dtype);
        return {
          register,
          x,
          fold,
          total: fresh(true, fold.neutral),
          low: fresh(fold.isPrecise, float(0)),
          high: fresh(fold.isPrecise, float(0)),
          noted: fresh(fold.watchesNaN, float(0)),
        };
      }),
    );
    // A sum of few columns waits for its own last addition: four elements are added up first.
    const isShort = pass.computed.size <= SHORT && pass.stores.length === 0 && !pass.isSlow;
    const rows = isShort && held.length <= NARROW ? 4 : 1;
    this.#walk(pass, accumulators.flat(), rows, (places) =>
      this.#element(pass, held, accumulators, isLast, places),
    );
    accumulators.forEach((own, k) => {
      for (const { register, fold, total, low, high, noted } of own) {
        const home = writer.v128();
        let result = local(total);
        if (fold.isPrecise) {
          result = shuffle(f32x4.demote(local(low)), f32x4.demote(local(high)), 0, 1, 4, 5);
        } else if (fold.watchesNaN) result = withNaN(result, local(noted));
        writer.assign(home, result);
        locals.push(home);
        held[k]?.set(register, local(home));
        for (const vector of [total, low, high, noted]) if (vector >= 0) writer.free(vector);
      }
    });
  }

  /** Runs `element` for each element of the columns; sums go on to f64 every so often. */
  #walk(
    pass: Pass,
    accumulators: readonly Accumulator[],
    rows: number,
    element: (places: readonly Places[]) => void,
  ): void {
    const writer = this.#writer;
    const walked = this.#walkedIn(pass);
    const starts = walked.map((i) => {
      const start = writer.i32();
      writer.get(this.#entries.all[i]?.base ?? -1);
      writer.set(start);
      return start;
    });
    const steps = walked.map((i) => {
      const step = writer.i32();
      this.#entries.word(i, 1);
      writer.set(step);
      return { entry: i, at: this.#entries.all[i]?.at ?? -1, step };
    });
    const next = Array.from(
      { length: rows - 1 },
      (): Places => new Map(walked.map((i) => [i, writer.i32()])),
    );
    writer.get(RUNS);
    writer.set(this.#runs);
    writer.loop(
      () => this.#isZero(this.#runs),
      () => {
        walked.forEach((i, w) => {
          writer.get(starts[w] ?? -1);
          writer.set(this.#entries.all[i]?.at ?? -1);
        });
        writer.get(ELEMENTS);
        writer.set(this.#rest);
        writer.loop(
          () => this.#isZero(this.#rest),
          () => {
            this.#takeTurn();
            if (rows > 1)
              writer.loop(
                () => {
                  writer.get(this.#turn);
                  writer.constant(rows);
                  writer.code.byte(LT_U);
                },
                () => {
                  for (const { entry, at, step } of steps) {
                    let last = at;
                    for (const places of next) {
                      writer.get(last);
                      writer.get(step);
                      writer.code.byte(ADD);
                      last = places.get(entry) ?? -1;
                      writer.set(last);
                    }
                  }
                  element([new Map(), ...next]);
                  for (const { entry, at, step } of steps) {
                    writer.get(next.at(-1)?.get(entry) ?? -1);
                    writer.get(step);
                    writer.code.byte(ADD);
                    writer.set(at);
                  }
                  writer.bump(this.#turn, -rows);
                },
              );
            writer.loop(
              () => this.#isZero(this.#turn),
              () => {
                element([new Map()]);
                for (const { at, step } of steps) writer.advance(at, step);
                writer.bump(this.#turn, -1);
              },
            );
            for (const accumulator of accumulators) this.#pour(accumulator);
          },
        );
        walked.forEach((i, w) => {
          writer.get(starts[w] ?? -1);
          this.#entries.word(i, 2);
          writer.code.byte(0x6a);
          writer.set(starts[w] ?? -1);
        });
        writer.bump(this.#runs, -1);
      },
    );
  }

  #isZero(count: number): void {
    this.#writer.get(count);
    this.#writer.code.byte(EQZ);
  }

  /** The next elements whose sum is f32. */
  #takeTurn(): void {
    const writer = this.#writer;
    writer.get(this.#rest);
    writer.constant(PRECISE);
    writer.get(this.#rest);
    writer.constant(PRECISE);
    writer.code.bytes(LT_U, 0x1b);
    writer.set(this.#turn);
    writer.get(this.#rest);
    writer.get(this.#turn);
    writer.code.byte(SUB);
    writer.set(this.#rest);
  }

  #pour({ fold, total, low, high }: Accumulator): void {
    if (!fold.isPrecise) return;
    const [lower, upper] = lowAndHigh(local(total));
    this.#writer.assign(low, f64x2.add(local(low), lower));
    this.#writer.assign(high, f64x2.add(local(high), upper));
    this.#writer.assign(total, float(0));
  }

  #walkedIn(pass: Pass): number[] {
    const read = [...pass.computed].flatMap((register) => {
      const instruction = this.#structure.instructions[register];
      return (instruction && this.#entries.input(instruction)) ?? [];
    });
    return [...new Set([...read, ...pass.stores.map((i) => this.#entries.store(i))])];
  }

  /** An element of every column, or several, which lie at `places`; what is stored is stored of the first. */
  #element(
    pass: Pass,
    held: readonly Map<Register, Value>[],
    accumulators: readonly (readonly Accumulator[])[],
    isLast: boolean,
    places: readonly Places[],
  ): void {
    const writer = this.#writer;
    const rows = places.map((own) =>
      held.map(
        (known, k) =>
          new Evaluator(
            this.#structure.instructions,
            this.#maths,
            (register, instruction) =>
              known.get(register) ??
              this.#entries.value(instruction, k, own.get(this.#entries.input(instruction) ?? -1)),
          ),
      ),
    );
    const copies = rows[0] ?? [];
    const totals = accumulators.flatMap((own, k) =>
      own.flatMap(({ x, fold, total, noted }) => {
        const terms = rows.map((row) => row[k]?.value(x) ?? fold.neutral);
        const updates = [{ to: total, value: fold.combine(local(total), tree(fold, terms)) }];
        if (fold.watchesNaN) updates.push({ to: noted, value: noteNaN(local(noted), terms) });
        return updates;
      }),
    );
    const stores = pass.stores.flatMap((i) => {
      const entry = this.#entries.all[this.#entries.store(i)];
      const register = this.#structure.stores[i]?.register ?? -1;
      if (entry === undefined) return [];
      return copies.map((copy, k) => ({ to: entry.at, k, value: copy.value(register) }));
    });
    const block = new Block(
      writer,
      [...totals, ...stores].map(({ value }) => value),
    );
    if (pass.isSlow && held.length > 1) {
      block.interleave(
        copies.map((copy) => [
          ...pass.reductions.map(({ x }) => copy.value(x)),
          ...pass.stores.map((i) => copy.value(this.#structure.stores[i]?.register ?? -1)),
        ]),
      );
    }
    for (const { to, value } of totals) {
      block.push(value);
      writer.set(to);
    }
    // A store may take the place of what another one's value reads.
    const values = stores.map(({ to, k, value }) => {
      const from = writer.v128();
      block.push(value);
      writer.set(from);
      return { to, k, from };
    });
    const isWhole = (k: number) => !isLast || k < held.length - 1;
    for (const { to, k, from } of values) this.#store(to, k, from, isWhole(k));
    for (const { from } of values) writer.free(from);
  }

  /** The vector in `from`, or those of its lanes that are columns. */
  #store(to: number, k: number, from: number, isWhole: boolean): void {
    const writer = this.#writer;
    const vector = () => {
      writer.get(to);
      writer.get(from);
      writer.simd(0x0b);
      writer.code.byte(2);
      writer.code.unsigned(16 * k);
    };
    if (isWhole) {
      vector();
      return;
    }
    writer.get(this.#left);
    writer.constant(4);
    writer.code.byte(GE_U);
    writer.if(vector, () => {
      for (let lane = 0; lane < 3; lane++) {
        writer.get(this.#left);
        writer.constant(lane);
        writer.code.byte(GT_U);
        writer.if(() => {
          writer.get(to);
          writer.get(from);
          writer.simd(0x5a);
          writer.code.byte(2);
          writer.code.unsigned(16 * k + 4 * lane);
          writer.code.byte(lane);
        });
      }
    });
  }

  #storeItems(held: readonly Map<Register, Value>[], isLast: boolean): void {
    this.#structure.stores.forEach(({ isPerElement, register }, i) => {
      const entry = this.#entries.all[this.#entries.store(i)];
      if (isPerElement || entry === undefined) return;
      held.forEach((own, k) => {
        const value = own.get(register);
        const isWhole = !isLast || k < held.length - 1;
        if (value?.kind === "local") this.#store(entry.base, k, value.index, isWhole);
      });
    });
  }
}
