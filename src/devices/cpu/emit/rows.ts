/**
 * Functions over rows: (entries, rows, elements of a row, literals, scratch). Each pass walks the row's elements in
 * vectors of four. A row's last elements are done a vector at a time, which is masked where it is reduced and stored by
 * lanes: nothing is written behind a row, and up to 12 bytes are read there.
 */
import type { Register } from "../../../scheduler/group-program.ts";
import { assign } from "./block.ts";
import { LITERALS } from "./entries.ts";
import { ADD, AND, FunctionWriter, LT_U, SELECT } from "./function.ts";
import { type Form, lanesBefore } from "./math.ts";
import type { Pass } from "./passes.ts";
import { storeLane } from "./storing.ts";
import type { Structure } from "./structure.ts";
import { type Items, Template } from "./template.ts";
import { emitTurn, type Tail } from "./turn.ts";
import { load, splat } from "./value.ts";

const ROWS = 1;
const COUNT = 2;
const SCRATCH = LITERALS + 1;

/** Bytes of a row whose sum is f32: four in a tree, 32 times. */
const PRECISE_BYTES = 2048;

/** Above so many instructions an element a vector at a time is enough to hide what a loop costs. */
const LONG = 48;

/** Up to so many, what a loop costs is most of it. */
const SHORT = 16;

/** How many vectors a turn takes. It decides how sums are added, and so must depend on nothing but the structure. */
function widthOf({ computed, isSlow, reductions }: Pass): number {
  if (computed.size > LONG) return isSlow ? 2 : 1;
  return isSlow || reductions.length > 0 || computed.size <= SHORT ? 4 : 2;
}

/** @returns the function's entry of the code section. */
export function emitRows(structure: Structure, form: Form) {
  return new RowsEmitter(structure, form).emit();
}

class RowsEmitter {
  readonly #writer = new FunctionWriter(5);
  readonly #template: Template;
  /** Where kept registers lie: the locals of their rows' starts, and of where a pass is in them. */
  readonly #kept = new Map<Register, { readonly base: number; readonly at: number }>();
  /** Bytes of a row, where a pass is in it, and where its walk stops. */
  readonly #bytes = this.#writer.i32();
  readonly #at = this.#writer.i32();
  readonly #stop = this.#writer.i32();
  /** Elements behind that place. */
  readonly #left = this.#writer.i32();

  constructor(structure: Structure, form: Form) {
    const writer = this.#writer;
    writer.bytesOf(COUNT, this.#bytes);
    this.#template = new Template(writer, structure, form);
    this.#placeKept();
  }

  emit() {
    const writer = this.#writer;
    const { entries } = this.#template;
    writer.untilZero(ROWS, () => {
      this.#template.tile(
        1,
        (pass, [row]) => row && this.#pass(pass, row),
        (to, from) => storeLane(writer, { to, from, offset: 0 }, 0),
      );
      entries.all.forEach((_, i) => {
        entries.moveBy(i, "base", 1);
      });
      writer.bump(ROWS, -1);
    });
    return writer.body();
  }

  /** Kept registers lie one behind the other, each a row of whole vectors. */
  #placeKept(): void {
    const writer = this.#writer;
    let last = SCRATCH;
    for (const register of this.#template.passes.flatMap(({ kept }) => kept)) {
      const base = writer.i32();
      const at = writer.i32();
      writer.get(last);
      if (last !== SCRATCH) {
        writer.get(this.#bytes);
        writer.constant(15);
        writer.code.byte(ADD);
        writer.constant(-16);
        writer.code.bytes(AND, ADD);
      }
      writer.set(base);
      this.#kept.set(register, { base, at });
      last = base;
    }
  }

  #pass(pass: Pass, row: Items): void {
    const writer = this.#writer;
    const { entries } = this.#template;
    const walked = entries.walkedIn(pass);
    const kept = [...pass.kept, ...pass.reread].flatMap(
      (register) => this.#kept.get(register) ?? [],
    );
    for (const { base, at } of [...walked.flatMap((i) => entries.all[i] ?? []), ...kept])
      writer.copy(base, at);
    const move = (vectors: number) => {
      writer.bump(this.#at, 16 * vectors);
      for (const i of walked) entries.moveLanes(i, "at", vectors);
      for (const { at } of kept) writer.bump(at, 16 * vectors);
    };
    writer.constant(0);
    writer.set(this.#at);
    if (!row.accumulators.some(({ isPrecise }) => isPrecise)) {
      writer.copy(this.#bytes, this.#stop);
      this.#walk(pass, row, move);
      return;
    }
    writer.untilReached(this.#at, this.#bytes, () => {
      // The smaller of the row's end and the next stop.
      writer.get(this.#at);
      writer.constant(PRECISE_BYTES);
      writer.code.byte(ADD);
      writer.tee(this.#stop);
      writer.get(this.#bytes);
      writer.get(this.#stop);
      writer.get(this.#bytes);
      writer.code.bytes(LT_U, SELECT);
      writer.set(this.#stop);
      this.#walk(pass, row, move);
      for (const accumulator of row.accumulators) accumulator.pour();
    });
  }

  /** From where the pass is to `stop`. */
  #walk(pass: Pass, row: Items, move: (vectors: number) => void): void {
    const writer = this.#writer;
    const width = widthOf(pass);
    if (width > 1)
      writer.whileFits(this.#at, 16 * width, this.#stop, () => {
        this.#turn(pass, row, width);
        move(width);
      });
    writer.untilReached(this.#at, this.#stop, () => {
      writer.elementsLeft(this.#bytes, this.#at);
      writer.set(this.#left);
      const mask = writer.v128();
      if (row.accumulators.length > 0) assign(writer, mask, lanesBefore(splat(this.#left)));
      this.#turn(pass, row, 1, { vector: 0, left: this.#left, mask });
      writer.free(mask);
      move(1);
    });
  }

  #turn(pass: Pass, row: Items, width: number, tail?: Tail): void {
    const template = this.#template;
    const vectors = Array.from({ length: width }, (_, k) =>
      template.vector(row, (register, instruction) => {
        const kept = pass.reread.has(register) ? this.#kept.get(register) : undefined;
        return kept ? load(kept.at, 16 * k) : template.entries.value(instruction, k);
      }),
    );
    const keeps = pass.kept.map((register) => ({
      register,
      to: this.#kept.get(register)?.at ?? -1,
    }));
    emitTurn(template, pass, [{ items: row, vectors }], { tail, keeps });
  }
}
