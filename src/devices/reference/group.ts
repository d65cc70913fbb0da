import { castValue } from "../../ops/casts.ts";
import { type BinaryName, binary, unary } from "../../ops/scalars.ts";
import {
  type Combine,
  type GroupInstruction,
  type GroupProgram,
  levelsOf,
  type View,
} from "../../scheduler/group-program.ts";
import type { DType } from "../../tensor/dtype.ts";
import { sizeOf, stridesOf } from "../../tensor/shape.ts";
import type { ReferenceTensor } from "./kernel.ts";

type Data = ReferenceTensor["data"];

const combine: { readonly [C in Combine]: BinaryName } = { sum: "add", max: "max", min: "min" };
const neutral: { readonly [C in Combine]: number } = { sum: 0, max: -Infinity, min: Infinity };

/**
 * Runs a program as it stands, row by row: every stage goes over the row's elements, then all that is stored is.
 * An output may be an input that is read with the same view. A row without elements reduces to what changes nothing.
 */
export function runGroup(program: GroupProgram, ins: readonly Data[], outs: readonly Data[]): void {
  const { shape, kept, instructions, stores } = program;
  const levels = levelsOf(program);
  const rows = sizeOf(shape.slice(0, kept));
  const columns = sizeOf(shape.slice(kept));
  const places = sizeOf(shape.slice(kept).map((n) => Math.max(n, 1)));
  const last = Math.max(0, ...levels.map(({ stage }) => stage));
  const registers = new Array<number>(instructions.length).fill(0);
  // As on other devices a square of 1e20 is infinite, unless tensors are held in float64.
  const isDouble = [...ins, ...outs].some((data) => data instanceof Float64Array);
  const rounded = (value: number, dtype: DType) =>
    dtype === "f32" && !isDouble ? Math.fround(value) : value;
  const totals = stores.map(({ isTotal }) => (isTotal ? new Float64Array(columns) : undefined));
  const { segments } = program;
  const isThere = (place: number) =>
    segments?.some(({ start, length }) => place >= start && place < start + length) ?? true;
  const evaluateAt = (index: readonly number[], stage: number) => {
    instructions.forEach((instruction, r) => {
      if (instruction.kind === "reduce" || (levels[r]?.stage ?? 0) > stage) return;
      registers[r] = rounded(
        evaluate(program, instruction, registers, index, ins),
        instruction.dtype,
      );
    });
  };
  for (let row = 0; row < rows; row++) {
    for (let stage = 0; stage < last; stage++) {
      const made = instructions.flatMap((instruction, r) =>
        instruction.kind === "reduce" && levels[r]?.stage === stage + 1
          ? [{ ...instruction, r, total: neutral[instruction.combine] }]
          : [],
      );
      for (let column = 0; column < columns; column++) {
        if (!isThere(column)) continue;
        evaluateAt(indexOf(shape, row * columns + column), stage);
        for (const one of made) {
          const { evaluate } = binary[combine[one.combine]];
          one.total = evaluate(one.total, registers[one.x] ?? 0, one.dtype);
        }
      }
      for (const { r, total, dtype } of made) registers[r] = rounded(total, dtype);
    }
    // Elements first: a store per row may take the place of what they read.
    const held = stores.map(({ register }) => levels[register]?.perRow ?? true);
    for (let column = 0; column < Math.max(columns, 1); column++) {
      const index = indexOf(shape, row * places + column);
      evaluateAt(index, last);
      const isLast = column >= columns - 1;
      stores.forEach((store, o) => {
        const total = totals[o];
        if (total !== undefined) {
          total[column] = (total[column] ?? 0) + (registers[store.register] ?? 0);
          const out = row === rows - 1 ? outs[o] : undefined;
          if (out) out[placeOf(store, index)] = rounded(total[column] ?? 0, "f32");
          return;
        }
        const isPerRow = store.strides
          .slice(kept)
          .every((n, d) => n === 0 || shape[kept + d] === 1);
        if (isPerRow && held[o] && !isLast) return;
        const out = outs[o];
        if (out === undefined || (columns === 0 && !isPerRow)) return;
        // What rows are reduced to is there whatever their elements are.
        const isStored = kept === 0 ? isPerRow || isThere(column) : isThere(row);
        out[placeOf(store, index)] = isStored ? (registers[store.register] ?? 0) : 0;
      });
    }
  }
}

/** A row without elements has a place, too. */
function indexOf(shape: readonly number[], place: number): number[] {
  const sizes = shape.map((n) => Math.max(n, 1));
  return stridesOf(sizes).map((stride, d) => Math.floor(place / stride) % (sizes[d] ?? 1));
}

function placeOf({ offset, strides }: View, index: readonly number[]): number {
  return index.reduce((at, n, d) => at + n * (strides[d] ?? 0), offset);
}

function evaluate(
  { inputs, indices, instructions }: GroupProgram,
  instruction: Exclude<GroupInstruction, { kind: "reduce" }>,
  registers: readonly number[],
  index: readonly number[],
  ins: readonly Data[],
): number {
  const at = (register: number) => registers[register] ?? 0;
  const dtypeOf = (register: number) => instructions[register]?.dtype ?? "f32";
  switch (instruction.kind) {
    case "input": {
      const view = inputs[instruction.input];
      return (view && ins[instruction.input]?.[placeOf(view, index)]) ?? 0;
    }
    case "index": {
      const view = indices[instruction.index];
      const place = view === undefined ? 0 : placeOf(view, index);
      return instruction.dtype === "u32" ? place >>> 0 : place;
    }
    case "literal":
      return instruction.value;
    case "unary":
      return unary[instruction.fn].evaluate(at(instruction.x), dtypeOf(instruction.x));
    case "binary":
      return binary[instruction.fn].evaluate(
        at(instruction.a),
        at(instruction.b),
        dtypeOf(instruction.a),
      );
    case "where":
      return at(instruction.condition) !== 0 ? at(instruction.a) : at(instruction.b);
    case "cast":
      return castValue(at(instruction.x), dtypeOf(instruction.x), instruction.dtype);
    default:
      return instruction satisfies never;
  }
}
