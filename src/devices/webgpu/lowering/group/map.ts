/** Groups without reductions: an invocation for each element, or for four that lie side by side. */
import type { Segment } from "../../../../ops/packed.ts";
import type { GroupProgram } from "../../../../scheduler/group-program.ts";
import type { KernelCall, Region } from "../../../../scheduler/lowering.ts";
import { sizeOf } from "../../../../tensor/shape.ts";
import { lineGrid, threadGrid } from "../grid.ts";
import { accessOf, declareBindings, vectorBindings, type Width, widthOf } from "./access.ts";
import { bindingsOf } from "./bindings.ts";
import { applied, printRegisters, Walk } from "./elements.ts";
import { toWord } from "./instructions.ts";
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
  const width = widthOf(shape.at(-1) ?? 1, all, (b) => bindings.operands[b]?.region);
  const vectors = vectorBindings(width, all);
  const words = new Words();
  words.word(count / width, "count");
  const walk = new Walk(shape, width, words);
  const places = all.map((access) => walk.place(access));
  const writePlaces = places.slice(reads.length + counted.length);
  const { parameters, loads, given } = applied(reads, counted, places, { width, vectors, words });
  const results = Array.from({ length: width }, (_, c) => `let result_${c} = apply(${given(c)});`);
  const stored = writes.map(({ binding }, o) => {
    const values = results.map((_, c) => {
      const result = `result_${c}.y${o}`;
      return pieces.length === 0 ? result : `select(0u, ${result}, ${placeAt(width, c)} < piece.y)`;
    });
    const value = width === 4 ? `vec4<u32>(${values.join(", ")})` : values[0];
    return `b${binding}[${writePlaces[o]}] = ${value};`;
  });
  const values = stores.map(({ register: r }) => toWord[instructions[r]?.dtype ?? "f32"](`r${r}`));
  const body = [
    ...printRegisters({ instructions }, words),
    `return Results(${values.join(", ")});`,
  ].join("\n");
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
      PARAMETERS: parameters,
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
