/**
 * Functions of walks: (streams, rows, units, literals, part). Streams are told by two words each: the address of the first
 * row's first unit, and bytes to the next row. A turn takes four units, or several times four; everything is read before
 * anything is written, so that one stream may take another's place. A row's last units are stored by lanes: nothing is
 * written behind them, and three units more may be read.
 */
import type { GroupInstruction, Register } from "../../../scheduler/group-program.ts";
import { Block, hold } from "./block.ts";
import { Evaluator } from "./evaluate.ts";
import { ADD, EQ, FunctionWriter, LT_U } from "./function.ts";
import { GateMaths } from "./gates.ts";
import { deinterleaved, interleaved } from "./interleaved.ts";
import type { Form } from "./math.ts";
import { type StoredUnits, storeAll, storeUnits } from "./store-units.ts";
import { f32x4, load, loadSplat, local, type Value } from "./value.ts";
import { registersOf, slowIn, streamsOf } from "./walk-needs.ts";
import type { Place, WalkPart, WalkStructure, WalkWrite } from "./walk-structure.ts";

const STREAMS = 0;
const ROWS = 1;
const UNITS = 2;
const LITERALS = 3;
const PART = 4;
const STREAM_BYTES = 8;

/** Slow functions that are computed side by side: none waits for another, and there are registers for them. */
const SIDE_BY_SIDE = 4;
/** With so few of them a turn takes two vectors; with more, or none, one is as fast. */
const FEW = 3;

/** @returns the function's entry of the code section. */
export function emitWalk(structure: WalkStructure, form: Form) {
  return new WalkEmitter(structure, form).emit();
}

/** A stream that a part uses: locals of where its row starts, and of where the turn is. */
interface Walked {
  readonly stream: number;
  readonly numbers: number;
  readonly base: number;
  readonly at: number;
}

class WalkEmitter {
  readonly #writer = new FunctionWriter(5);
  readonly #structure: WalkStructure;
  readonly #maths: GateMaths;
  readonly #walked: readonly Walked[];
  /** Units of the row that are left. */
  readonly #left: number;

  constructor(structure: WalkStructure, form: Form) {
    this.#structure = structure;
    this.#maths = new GateMaths(form);
    this.#left = this.#writer.i32();
    this.#walked = structure.streams.map((numbers, stream) => ({
      stream,
      numbers,
      base: this.#writer.i32(),
      at: this.#writer.i32(),
    }));
  }

  emit() {
    const writer = this.#writer;
    this.#structure.parts.forEach((part, p) => {
      if (part.length === 0) return;
      writer.get(PART);
      writer.constant(p);
      writer.code.byte(EQ);
      writer.if(() => this.#part(part));
    });
    return writer.body();
  }

  #part(part: WalkPart): void {
    const writer = this.#writer;
    const registers = registersOf(this.#structure, part);
    const streams = streamsOf(this.#structure, part, registers);
    const walked = this.#walked.filter(({ stream }) => streams.has(stream));
    const literals = this.#literals(registers);
    const slow = slowIn(this.#structure, registers);
    const count = slow.flat().length;
    const width = count > 0 && count <= FEW ? 2 : 1;
    for (const { stream, base } of walked) {
      this.#word(stream, 0);
      writer.set(base);
    }
    writer.untilZero(ROWS, () => {
      for (const { base, at } of walked) writer.copy(base, at);
      writer.copy(UNITS, this.#left);
      if (width > 1) {
        const isFewer = () => {
          writer.get(this.#left);
          writer.constant(4 * width);
          writer.code.byte(LT_U);
        };
        writer.loop(isFewer, () => {
          this.#turn(part, slow, literals, width, (all) => storeAll(writer, all));
          this.#move(walked, width);
          writer.bump(this.#left, -4 * width);
        });
      }
      writer.untilZero(this.#left, () => {
        this.#turn(part, slow, literals, 1, (all) => storeUnits(writer, all, this.#left));
        this.#move(walked, 1);
        this.#countDown();
      });
      for (const { stream, base } of walked) {
        writer.get(base);
        this.#word(stream, 1);
        writer.code.byte(ADD);
        writer.set(base);
      }
      writer.bump(ROWS, -1);
    });
    for (const value of literals.values()) if (value.kind === "local") writer.free(value.index);
  }

  /** The literals that are read, in locals. */
  #literals(registers: ReadonlySet<Register>): Map<Register, Value> {
    const found = new Map<Register, Value>();
    let count = 0;
    this.#structure.instructions.forEach(({ kind }, register) => {
      if (kind !== "literal") return;
      const offset = 4 * count++;
      if (registers.has(register))
        found.set(register, local(hold(this.#writer, loadSplat(LITERALS, offset))));
    });
    return found;
  }

  /** Computes `width` vectors of everything that the part writes; then `store` is given them. */
  #turn(
    part: WalkPart,
    slow: readonly (readonly Register[])[],
    literals: ReadonlyMap<Register, Value>,
    width: number,
    store: (all: readonly StoredUnits[]) => void,
  ): void {
    const writer = this.#writer;
    const written = byStream(part);
    const vectors = Array.from({ length: width }, (_, k) => this.#vector(literals, k));
    const chunks = slow.flatMap((registers) => {
      const all = registers.flatMap((register) => vectors.map((vector) => ({ register, vector })));
      return all.flatMap((_, i) =>
        i % SIDE_BY_SIDE === 0 ? [all.slice(i, i + SIDE_BY_SIDE)] : [],
      );
    });
    const together = chunks.map((chunk) =>
      this.#maths.together(() => chunk.map(({ register, vector }) => [vector({ register })])),
    );
    const values = [...written].map(([stream, writes]) => ({
      at: this.#walked[stream]?.at ?? -1,
      vectors: vectors.flatMap((vector) => interleaved(writes.map(vector))),
    }));
    const block = new Block(
      writer,
      values.flatMap((stored) => stored.vectors),
    );
    for (const copies of together) block.interleave(copies);
    const all = values.map(({ at, vectors: own }) => ({
      at,
      vectors: own.map((value) => {
        const home = writer.v128();
        block.push(value);
        writer.set(home);
        return home;
      }),
    }));
    store(all);
    for (const home of all.flatMap((stored) => stored.vectors)) writer.free(home);
  }

  /** What registers are in the units of vector `k` of a turn. */
  #vector(literals: ReadonlyMap<Register, Value>, k: number) {
    const numbers = new Map<number, readonly Value[]>();
    const numberAt = ({ stream, number }: Place): Value => {
      const { at, numbers: n } = this.#walked[stream] as Walked;
      const found =
        numbers.get(stream) ??
        deinterleaved(Array.from({ length: n }, (_, i) => load(at, 16 * (n * k + i))));
      numbers.set(stream, found);
      return found[number] as Value;
    };
    const read = (instruction: GroupInstruction): Value | undefined => {
      if (instruction.kind !== "input") return undefined;
      const { places = [], isFlushed } = this.#structure.reads[instruction.input] ?? {};
      const sum = places.map(numberAt).reduce(f32x4.add);
      return isFlushed ? this.#maths.unlessTiny(sum) : sum;
    };
    const evaluator = new Evaluator(
      this.#structure.instructions,
      this.#maths,
      (register, instruction) => literals.get(register) ?? read(instruction),
    );
    return ({ register }: Pick<WalkWrite, "register">) => evaluator.value(register);
  }

  #move(walked: readonly Walked[], width: number): void {
    for (const { at, numbers } of walked) this.#writer.bump(at, 16 * numbers * width);
  }

  /** left = max(left - 4, 0) */
  #countDown(): void {
    const writer = this.#writer;
    writer.get(this.#left);
    writer.constant(4);
    writer.code.byte(LT_U);
    writer.if(
      () => {
        writer.constant(0);
        writer.set(this.#left);
      },
      () => writer.bump(this.#left, -4),
    );
  }

  #word(stream: number, word: number): void {
    this.#writer.get(STREAMS);
    this.#writer.loadWord(STREAM_BYTES * stream + 4 * word);
  }
}

/** What is written to each stream, in the order of its numbers. */
function byStream(part: WalkPart): Map<number, WalkWrite[]> {
  const found = new Map<number, WalkWrite[]>();
  for (const write of part) {
    const own = found.get(write.stream) ?? [];
    own[write.number] = write;
    found.set(write.stream, own);
  }
  return found;
}
