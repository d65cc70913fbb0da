/**
 * Groups that reduce rows, as a call of group/rows: each stage goes over the elements of a row and leaves totals, the
 * last pass stores. What is the same for all of a row is computed once by each of its lanes.
 */
import { InternalError } from "../../../../errors.ts";
import type { Register, View } from "../../../../scheduler/group-program.ts";
import type { KernelCall } from "../../../../scheduler/lowering.ts";
import { lineGrid } from "../grid.ts";
import { declareBindings, loaded, strideTerms, sumOf, takeApart, wordAt } from "./access.ts";
import { printInstruction, toWord } from "./instructions.ts";
import { addPieces } from "./pieces.ts";
import { declareLoad, declareStore, placeElements } from "./row-elements.ts";
import { dtypeOf, type RowKernel } from "./row-kernel.ts";
import type { Pass, Stage } from "./row-program.ts";
import { declareStage, totalOf } from "./row-stages.ts";

/**
 * The call for all of a program; or, where workgroups share rows, for the totals of its only stage, which go to its
 * only output, [totals, parts, rows].
 */
export function rowsCall(kernel: RowKernel): KernelCall {
  const { layout, words, parts, bindings, isPartial } = kernel;
  const { rows, columns, width, lanes, rowsPerGroup, held } = layout;
  const count = rows * layout.parts;
  words.word(count, "count");
  words.word(columns / width, "columns");
  if (isPartial) {
    words.word(rows, "rows");
    words.word(layout.parts, "parts");
    words.word(Math.ceil(columns / width / layout.parts), "chunk");
  }
  // In this order: what functions are told of a row is known when the row's own statements are there.
  const body = printBody(kernel);
  const last = isPartial ? printPartial(kernel) : printLast(kernel);
  const declarations = declareFunctions(kernel);
  if (kernel.pieces.length > 0) addPieces(words, kernel.pieces);
  return {
    kernel: "group/rows",
    constants: {
      STAGES: parts.stages.length,
      LANES: lanes,
      JOINED: lanes < 16 ? lanes : 2 ** Math.ceil(Math.log2(lanes) / 2),
      ROWS: rowsPerGroup,
      ACROSS: Number(layout.isAcross),
      HELD: held,
      UNROLL: Number(layout.isUnrolled),
      STORES: Number(parts.elementStores.length > 0),
      PARTIAL: Number(isPartial),
      PIECES: kernel.pieces.length,
      ORDERED: Number(lanes > 1 && bindings.operands.some(({ access }) => access === "readwrite")),
      KNOWN: [...kernel.known].map(([name, type]) => `${name}: ${type},`).join("\n"),
      DECLARATIONS: declarations.join("\n"),
      BODY: body.join("\n"),
      LAST: last.join("\n"),
      BINDINGS: declareBindings(bindings, kernel.vectors),
      FIELDS: words.fields,
    },
    operands: bindings.operands,
    words: words.values,
    grid: lineGrid(Math.ceil(count / rowsPerGroup)),
  };
}

/** Statements that lead to the totals of all stages, and to what comes of them. */
function printBody(kernel: RowKernel): string[] {
  const { program, parts, layout, words } = kernel;
  const isHeld = layout.held > 0;
  return [
    ...takeApart("row", "at_", program.shape.slice(0, program.kept), words),
    ...placeElements(kernel),
    ...printRow(kernel, 0),
    ...(isHeld ? ["let held = hold(known, first, end);"] : []),
    ...parts.stages.flatMap(({ reduces }, s) => [
      ...(kernel.pieces.length > 0
        ? printPieces(kernel, s, isExact(reduces))
        : [`let own_totals_${s} = ${ownTotals(s, isHeld, isExact(reduces))};`]),
      `let totals_${s} = total_${s}(own_totals_${s}, lane, local);`,
      ...reduces.flatMap(({ register, reduce }, t) =>
        define(kernel, register, totalOf(reduce, `totals_${s}`, t)),
      ),
      ...printRow(kernel, s + 1),
    ]),
  ];
}

function ownTotals(s: number, isHeld: boolean, isExact: boolean): string {
  return isHeld
    ? `own_${s}(known, held, first, end)`
    : `${isExact ? "plain" : "own"}_${s}(known, first, end)`;
}

/** Statements that go over the pieces of a pack that a workgroup has. */
function printPieces({ isPartial, layout, pieces, words }: RowKernel, s: number, isExact: boolean) {
  const each = words.word(Math.ceil(pieces.length / layout.parts));
  const most = words.word(pieces.length);
  const from = isPartial ? `part * ${each}` : "0u";
  return [
    `var own_totals_${s} = neutral_${s}();`,
    `for (var p = ${from}; p < min(${from} + ${each}, ${most}); p++) {`,
    "let first = params.pieces[p].x + lane;",
    "let end = params.pieces[p].y;",
    `own_totals_${s} = combine_${s}(own_totals_${s}, ${ownTotals(s, false, isExact)});`,
    "}",
  ];
}

/** Whether totals are the same in whatever order they come about. */
function isExact(reduces: Stage["reduces"]): boolean {
  return reduces.every(({ reduce: { combine, dtype } }) => combine !== "sum" || dtype !== "f32");
}

function declareFunctions(kernel: RowKernel): string[] {
  const { parts, layout } = kernel;
  const { stages, stored, elementStores } = parts;
  const hasStores = elementStores.length > 0;
  if (layout.held > 0) {
    const all: Pass = {
      elements: [...stages, stored].flatMap(({ elements }) => elements),
      known: [],
    };
    return [
      ...declareLoad(kernel, all, ""),
      ...stages.flatMap((stage, s) => declareStage(kernel, stage, s, "")),
      ...(hasStores ? declareStore(kernel, "") : []),
    ];
  }
  return [
    ...stages.flatMap((stage, s) => [
      ...declareLoad(kernel, stage, `_${s}`),
      ...declareStage(kernel, stage, s, `_${s}`),
    ]),
    ...(hasStores
      ? [...declareLoad(kernel, stored, "_stored"), ...declareStore(kernel, "_stored")]
      : []),
  ];
}

/** A register of the row, also for functions over elements where they use it. */
function define(kernel: RowKernel, r: Register, value: string): string[] {
  const { parts, known } = kernel;
  const type = dtypeOf(kernel, r);
  const line = `let r${r}: ${type} = ${value};`;
  if (![...parts.stages, parts.stored].some((pass) => pass.known.includes(r))) return [line];
  known.set(`r${r}`, type);
  return [line, `known.r${r} = r${r};`];
}

/** What is computed of a row after so many stages. */
function printRow(kernel: RowKernel, stage: number): string[] {
  const { program, parts, words, inputs, indices, vectors } = kernel;
  const names = {
    register: (r: Register) => `r${r}`,
    input: (i: number) => {
      const access = inputs[i];
      if (access === undefined) throw new InternalError("An input must have an access.");
      return loaded(access, rowPlace(kernel, access), false, vectors);
    },
    index: (i: number) => `(${rowPlace(kernel, indices[i])})`,
  };
  return parts.rowRegisters.flatMap((r) => {
    const instruction = program.instructions[r];
    if (instruction === undefined || instruction.kind === "reduce") return [];
    if (parts.levels[r]?.stage !== stage) return [];
    const value = printInstruction(instruction, names, (x) => dtypeOf(kernel, x), words);
    return define(kernel, r, value);
  });
}

/** Where something lies that a row has once. */
function rowPlace({ program, words }: RowKernel, view: View | undefined): string {
  const names = program.shape.slice(0, program.kept).map((_, d) => `at_${d}`);
  const { offset, strides } = view ?? { offset: 0, strides: [] };
  const base = offset === 0 ? [] : [words.word(offset)];
  return sumOf([...base, ...strideTerms(names, strides.slice(0, program.kept), words)]);
}

/** Statements that store what a row has once. */
function printLast(kernel: RowKernel): string[] {
  const { program, parts, stores, vectors } = kernel;
  return parts.rowStores.flatMap((o) => {
    const access = stores[o];
    const r = program.stores[o]?.register;
    if (access?.binding === undefined || r === undefined) return [];
    const place = rowPlace(kernel, access);
    return [`${wordAt(access.binding, place, vectors)} = ${toWord[dtypeOf(kernel, r)](`r${r}`)};`];
  });
}

/** Statements that leave the totals of a part. */
function printPartial(kernel: RowKernel): string[] {
  const { parts, bindings } = kernel;
  const binding = bindings.operands.length - 1;
  return (parts.stages[0]?.reduces ?? []).map(({ register: r }, t) => {
    const place = `(${t}u * params.parts + part) * params.rows + row`;
    return `b${binding}[${place}] = ${toWord[dtypeOf(kernel, r)](`r${r}`)};`;
  });
}
