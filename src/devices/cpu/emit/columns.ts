/**
 * Functions over columns: (entries, columns, elements of a run, literals, runs). Neighbouring items lie in the lanes of a
 * few vectors, and their elements, which lie apart, are walked one after the other: run by run, where they do not all lie
 * at one distance. Each pass walks them again. The last columns are done a vector at a time and stored by lanes: nothing is
 * written behind them, and up to 12 bytes are read there.
 */
import { LITERALS } from "./entries.ts";
import { ADD, FunctionWriter, LT_U, SELECT, SUB } from "./function.ts";
import type { Form } from "./math.ts";
import type { Pass } from "./passes.ts";
import { storeLanes, storeWhole } from "./storing.ts";
import type { Structure } from "./structure.ts";
import { type Items, Template } from "./template.ts";
import { emitTurn, type Tail } from "./turn.ts";

const COLUMNS = 1;
const ELEMENTS = 2;
const RUNS = LITERALS + 1;

/** Elements whose sum is f32. */
const PRECISE = 32;

/** Up to so many instructions an element, and so many vectors side by side, an addition is what is waited for. */
const SHORT = 3;
const NARROW = 4;

/** How many elements of a column a turn takes: a sum of few columns waits for its own last addition. */
function depthOf({ computed, stores, isSlow }: Pass, width: number): number {
  return computed.size <= SHORT && stores.length === 0 && !isSlow && width <= NARROW ? 4 : 1;
}

/** @returns the function's entry of the code section. */
export function emitColumns(structure: Structure, form: Form) {
  return new ColumnsEmitter(structure, form).emit();
}

/** An entry that a pass moves along: the locals of where its present run starts, of bytes to the next element, and of places. */
interface Walked {
  readonly entry: number;
  readonly start: number;
  readonly step: number;
  /** Of the turn's elements; the first is where the entry stands. */
  readonly places: readonly number[];
}

class ColumnsEmitter {
  readonly #writer = new FunctionWriter(5);
  readonly #structure: Structure;
  readonly #template: Template;
  /** Bytes of all columns, those that are done, and how many columns are left. */
  readonly #bytes = this.#writer.i32();
  readonly #at = this.#writer.i32();
  readonly #left = this.#writer.i32();
  /** Runs that are left, elements of the present one, and elements until sums go on to f64. */
  readonly #runs = this.#writer.i32();
  readonly #rest = this.#writer.i32();
  readonly #turns = this.#writer.i32();

  constructor(structure: Structure, form: Form) {
    this.#structure = structure;
    this.#template = new Template(this.#writer, structure, form);
  }

  emit() {
    const writer = this.#writer;
    const { width, isNarrow } = this.#structure;
    writer.bytesOf(COLUMNS, this.#bytes);
    if (isNarrow) {
      this.#tile(width, true);
      return writer.body();
    }
    writer.whileFits(this.#at, 16 * width, this.#bytes, () => this.#tile(width, false));
    writer.untilReached(this.#at, this.#bytes, () => this.#tile(1, true));
    return writer.body();
  }

  /** The next `width` vectors of columns. */
  #tile(width: number, isLast: boolean): void {
    const writer = this.#writer;
    const { entries } = this.#template;
    const tail = isLast ? { vector: width - 1, left: this.#left } : undefined;
    if (isLast) {
      writer.elementsLeft(this.#bytes, this.#at);
      writer.constant(4 * (width - 1));
      writer.code.byte(SUB);
      writer.set(this.#left);
    }
    this.#template.tile(
      width,
      (pass, tile) => this.#pass(pass, tile, tail),
      (to, from, k) => {
        const stored = { to, from, offset: 16 * k };
        if (tail?.vector === k) storeLanes(writer, [stored], tail.left);
        else storeWhole(writer, stored);
      },
    );
    entries.all.forEach((_, i) => {
      entries.moveLanes(i, "base", width);
    });
    writer.bump(this.#at, 16 * width);
  }

  /** Goes along the elements of the columns, run by run; sums go on to f64 every so often. */
  #pass(pass: Pass, tile: readonly Items[], tail: Tail | undefined): void {
    const writer = this.#writer;
    const { entries } = this.#template;
    const depth = depthOf(pass, tile.length);
    const walked = entries.walkedIn(pass).map((i) => this.#walk(i, depth));
    writer.copy(RUNS, this.#runs);
    writer.untilZero(this.#runs, () => {
      for (const { start, places } of walked) writer.copy(start, places[0] ?? -1);
      writer.copy(ELEMENTS, this.#rest);
      writer.untilZero(this.#rest, () => {
        this.#takeTurns();
        if (depth > 1)
          writer.loop(
            () => {
              writer.get(this.#turns);
              writer.constant(depth);
              writer.code.byte(LT_U);
            },
            () => this.#turn(pass, tile, walked, depth, tail),
          );
        writer.untilZero(this.#turns, () => this.#turn(pass, tile, walked, 1, tail));
        for (const { accumulators } of tile)
          for (const accumulator of accumulators) accumulator.pour();
      });
      for (const { entry, start } of walked) {
        writer.get(start);
        entries.word(entry, 2);
        writer.code.byte(ADD);
        writer.set(start);
      }
      writer.bump(this.#runs, -1);
    });
  }

  #walk(entry: number, depth: number): Walked {
    const writer = this.#writer;
    const { base = -1, at = -1 } = this.#template.entries.all[entry] ?? {};
    const start = writer.i32();
    writer.copy(base, start);
    const step = writer.i32();
    this.#template.entries.word(entry, 1);
    writer.set(step);
    const places = [at, ...Array.from({ length: depth - 1 }, () => writer.i32())];
    return { entry, start, step, places };
  }

  /** The next elements whose sum is f32. */
  #takeTurns(): void {
    const writer = this.#writer;
    writer.get(this.#rest);
    writer.constant(PRECISE);
    writer.get(this.#rest);
    writer.constant(PRECISE);
    writer.code.bytes(LT_U, SELECT);
    writer.set(this.#turns);
    writer.get(this.#rest);
    writer.get(this.#turns);
    writer.code.byte(SUB);
    writer.set(this.#rest);
  }

  /** `depth` elements of every column; more than one only where none is stored. */
  #turn(
    pass: Pass,
    tile: readonly Items[],
    walked: readonly Walked[],
    depth: number,
    tail: Tail | undefined,
  ): void {
    const writer = this.#writer;
    const template = this.#template;
    const { entries } = template;
    for (const { step, places } of walked)
      for (let d = 1; d < depth; d++) writer.advance(places[d - 1] ?? -1, step, places[d] ?? -1);
    const strands = tile.map((items, k) => ({
      items,
      vectors: Array.from({ length: depth }, (_, d) =>
        template.vector(items, (_, instruction) => {
          const place = walked.find(({ entry }) => entry === entries.input(instruction));
          return entries.value(instruction, k, place?.places[d]);
        }),
      ),
    }));
    emitTurn(template, pass, strands, { tail });
    for (const { step, places } of walked)
      writer.advance(places[depth - 1] ?? -1, step, places[0] ?? -1);
    writer.bump(this.#turns, -depth);
  }
}
