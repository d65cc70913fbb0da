/** Groups without reductions: an invocation for each element, or for four that lie side by side. */
import type { Segment } from "../../../../ops/packed.ts";
import type { GroupProgram, Register } from "../../../../scheduler/group-program.ts";
import type { KernelCall, Region } from "../../../../scheduler/lowering.ts";
import { sameShape, sizeOf, stridesOf } from "../../../../tensor/shape.ts";
import { lineGrid, threadGrid } from "../grid.ts";
import {
  type Access,
  accessOf,
  declareBindings,
  isSingle,
  strideTerms,
  sumOf,
  takeApart,
  vectorBindings,
  type Width,
  widthOf,
  wordAt,
} from "./access.ts";
import { bindingsOf } from "./bindings.ts";
import { printInstruction, toWord } from "./instructions.ts";
import { addPieces } from "./pieces.ts";
import { Words } from "./words.ts";

const THREADS = 128;

/** The call for a program whose dimensions are merged; `pieces`: what of a pack each workgroup walks. */
export function mapCall(
  { shape: merged, inputs, indices, stores, instructions }: GroupProgram,
  ins: readonly Region[],
  outs: readonly Region[],
  pieces: readonly Segment[] = [],
): KernelCall {
  const shape = merged.length === 0 ? [1] : merged;
  const count = sizeOf(shape);
  const bindings = bindingsOf(ins, outs);
  const reads = inputs.map((view, i) => accessOf(view, bindings.ins[i]));
  const counted = indices.map((view) => accessOf(view));
  const writes = stores.map((view, o) => accessOf(view, bindings.outs[o]));
  const all = [...reads, ...counted, ...writes];
  const width = widthOf(shape.at(-1) ?? 1, all, bindings);
  const vectors = vectorBindings(width, all);
  const words = new Words();
  words.word(count / width, "count");
  const walk = new MapWalk(shape, width, words);
  const places = all.map((access) => walk.place(access));
  const [readPlaces, countedPlaces, writePlaces] = [
    places.slice(0, reads.length),
    places.slice(reads.length, reads.length + counted.length),
    places.slice(reads.length + counted.length),
  ];
  // What apply takes, and for each component what it is given.
  const loads = [
    ...reads.map(
      (access, i) => `let v${i} = ${load(access, readPlaces[i] ?? "", width, vectors)};`,
    ),
    ...counted.map((_, i) => `let n${i} = ${countedPlaces[i] ?? ""};`),
  ];
  const parameters = [...reads.map((_, i) => `v${i}: u32`), ...counted.map((_, i) => `n${i}: u32`)];
  const increments = counted.map(({ strides }) => {
    const stride = strides.at(-1) ?? 0;
    return stride === 0 || width === 1 ? undefined : words.word(stride);
  });
  const given = (c: number) => [
    ...reads.map((access, i) => (width === 4 && !isSingle(access) ? `v${i}[${c}]` : `v${i}`)),
    ...increments.map((increment, i) =>
      increment === undefined || c === 0 ? `n${i}` : `n${i} + ${c}u * ${increment}`,
    ),
  ];
  const results = Array.from(
    { length: width },
    (_, c) => `let result_${c} = apply(${given(c).join(", ")});`,
  );
  const stored = writes.map(({ binding }, o) => {
    const values = results.map((_, c) => {
      const result = `result_${c}.y${o}`;
      return pieces.length === 0 ? result : `select(0u, ${result}, ${placeAt(width, c)} < piece.y)`;
    });
    const value = width === 4 ? `vec4<u32>(${values.join(", ")})` : values[0];
    return `b${binding}[${writePlaces[o]}] = ${value};`;
  });
  const body = printBody(
    { instructions, registers: stores.map(({ register }) => register) },
    words,
  );
  if (pieces.length > 0) addPieces(words, pieces);
  return {
    kernel: "group/map",
    constants: {
      THREADS,
      PIECES: pieces.length,
      WIDTH: width,
      FIELDS: words.fields,
      BINDINGS: declareBindings(bindings, vectors),
      RESULTS: stores.map((_, o) => `y${o}: u32,`).join("\n"),
      PARAMETERS: parameters.join(", "),
      APPLY: body,
      BODY: [...walk.lines, ...loads, ...results, ...stored].join("\n"),
    },
    operands: bindings.operands,
    words: words.values,
    grid: pieces.length > 0 ? lineGrid(pieces.length) : threadGrid(count / width, THREADS),
  };
}

/** The place of component c of what invocation i computes. */
function placeAt(width: Width, c: number): string {
  return width === 1 ? "i" : `i * ${width}u + ${c}u`;
}

function load(access: Access, place: string, width: Width, vectors: ReadonlySet<number>): string {
  const binding = access.binding ?? 0;
  return width === 4 && !isSingle(access)
    ? `b${binding}[${place}]`
    : wordAt(binding, place, vectors);
}

/** Where accesses are for invocation i: those that lie as the space does need no index along each dimension. */
class MapWalk {
  readonly #shape: readonly number[];
  readonly #width: Width;
  readonly #words: Words;
  /** Statements that the places need, once each. */
  readonly lines: string[] = [];

  constructor(shape: readonly number[], width: Width, words: Words) {
    this.#shape = shape;
    this.#width = width;
    this.#words = words;
  }

  /** In vectors where whole vectors are moved, else in elements. */
  place(access: Access): string {
    const width = this.#width;
    const { binding, strides, offset } = access;
    const unit = binding === undefined || isSingle(access) ? 1 : width;
    const base = offset === 0 ? [] : [this.#words.word(offset / unit)];
    if (unit === width && sameShape(strides, stridesOf(this.#shape))) return sumOf(["i", ...base]);
    if (strides.every((stride) => stride === 0)) return sumOf(base);
    if (this.lines.length === 0) {
      const sizes = this.#shape.map((n, d) => (d === this.#shape.length - 1 ? n / width : n));
      this.lines.push(...takeApart("i", "at_", sizes, this.#words));
    }
    const names = this.#shape.map((_, d) => `at_${d}`);
    const own = strides.map((n, d) => (d === strides.length - 1 ? n * width : n) / unit);
    return sumOf([...base, ...strideTerms(names, own, this.#words)]);
  }
}

/** Statements over v0 … and n0 … that return Results. */
function printBody(
  { instructions, registers }: Pick<GroupProgram, "instructions"> & { registers: Register[] },
  words: Words,
): string {
  const dtypeOf = (r: Register) => instructions[r]?.dtype ?? "f32";
  const names = {
    register: (r: Register) => `r${r}`,
    input: (input: number) => `v${input}`,
    index: (index: number) => `n${index}`,
  };
  const lines = instructions.map((instruction, r) => {
    if (instruction.kind === "reduce") throw new RangeError("a map reduces nothing");
    const value = printInstruction(instruction, names, dtypeOf, words);
    return `let r${r}: ${instruction.dtype} = ${value};`;
  });
  const results = registers.map((r) => toWord[dtypeOf(r)](`r${r}`));
  return [...lines, `return Results(${results.join(", ")});`].join("\n");
}
