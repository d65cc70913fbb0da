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
  const { shape, kept, instructions, stores, segments } = program;
  const levels = levelsOf(program);
  const rows = sizeOf(shape.slice(0, kept));
  const columns = sizeOf(shape.slice(kept));
  const last = Math.max(0, ...levels.map(({ stage }) => stage));
  // A row without elements has a place, too.
  const sizes = shape.map((n) => Math.max(n, 1));
  const strides = stridesOf(sizes);
  const places = sizeOf(sizes.slice(kept));
  const registers = new Array<number>(instructions.length).fill(0);
  const index = sizes.map(() => 0);
  const values = instructions.map((_, r) => valueAt(program, r, registers, index, ins));
  // As on other devices a square of 1e20 is infinite, unless tensors are held in float64.
  const isDouble = [...ins, ...outs].some((data) => data instanceof Float64Array);
  const rounded = (value: number, dtype: DType) =>
    dtype === "f32" && !isDouble ? Math.fround(value) : value;
  const isThere = (place: number) =>
    segments?.some(({ start, length }) => place >= start && place < start + length) ?? true;
  const evaluateAt = (place: number, stage: number) => {
    for (const [d, stride] of strides.entries())
      index[d] = Math.floor(place / stride) % (sizes[d] ?? 1);
    for (const [r, value] of values.entries())
      if (value !== undefined && (levels[r]?.stage ?? 0) <= stage)
        registers[r] = rounded(value(), instructions[r]?.dtype ?? "f32");
  };
  const outputs = stores.map((store, o) => ({
    ...store,
    out: outs[o],
    total: store.isTotal ? new Float64Array(columns) : undefined,
    isHeld: levels[store.register]?.perRow ?? true,
    isPerRow: store.strides.slice(kept).every((n, d) => n === 0 || shape[kept + d] === 1),
  }));
  for (let row = 0; row < rows; row++) {
    for (let stage = 0; stage < last; stage++) {
      const made = instructions.flatMap((instruction, r) =>
        instruction.kind === "reduce" && levels[r]?.stage === stage + 1
          ? [{ ...instruction, r, total: neutral[instruction.combine] }]
          : [],
      );
      for (let column = 0; column < columns; column++) {
        if (!isThere(column)) continue;
        evaluateAt(row * columns + column, stage);
        for (const one of made) {
          const { evaluate } = binary[combine[one.combine]];
          one.total = evaluate(one.total, registers[one.x] ?? 0, one.dtype);
        }
      }
      for (const { r, total, dtype } of made) registers[r] = rounded(total, dtype);
    }
    // Elements first: a store per row may take the place of what they read.
    for (let column = 0; column < Math.max(columns, 1); column++) {
      evaluateAt(row * places + column, last);
      const isLast = column >= columns - 1;
      for (const { out, total, isHeld, isPerRow, register, ...view } of outputs) {
        const value = registers[register] ?? 0;
        if (total !== undefined) {
          total[column] = (total[column] ?? 0) + value;
          if (out && row === rows - 1)
            out[placeOf(view, index)] = rounded(total[column] ?? 0, "f32");
          continue;
        }
        if (isPerRow && isHeld && !isLast) continue;
        if (out === undefined || (columns === 0 && !isPerRow)) continue;
        // What rows are reduced to is there whatever their elements are.
        const isStored = kept === 0 ? isPerRow || isThere(column) : isThere(row);
        out[placeOf(view, index)] = isStored ? value : 0;
      }
    }
  }
}

function placeOf({ offset, strides }: View, index: readonly number[]): number {
  let at = offset;
  for (let d = 0; d < strides.length; d++) at += (index[d] ?? 0) * (strides[d] ?? 0);
  return at;
}

/** What a register is at the `index`, of the registers before it; a reduction is no element's. */
function valueAt(
  { inputs, indices, instructions }: GroupProgram,
  register: number,
  registers: readonly number[],
  index: readonly number[],
  ins: readonly Data[],
): (() => number) | undefined {
  const instruction = instructions[register] as GroupInstruction;
  const at = (r: number) => registers[r] ?? 0;
  const dtypeOf = (r: number) => instructions[r]?.dtype ?? "f32";
  switch (instruction.kind) {
    case "input": {
      const view = inputs[instruction.input];
      const data = ins[instruction.input];
      return () => (view && data?.[placeOf(view, index)]) ?? 0;
    }
    case "index": {
      const view = indices[instruction.index];
      const place = () => (view === undefined ? 0 : placeOf(view, index));
      return instruction.dtype === "u32" ? () => place() >>> 0 : place;
    }
    case "literal":
      return () => instruction.value;
    case "unary": {
      const { evaluate } = unary[instruction.fn];
      const dtype = dtypeOf(instruction.x);
      return () => evaluate(at(instruction.x), dtype);
    }
    case "binary": {
      const { evaluate } = binary[instruction.fn];
      const dtype = dtypeOf(instruction.a);
      return () => evaluate(at(instruction.a), at(instruction.b), dtype);
    }
    case "where":
      return () => at(at(instruction.condition) !== 0 ? instruction.a : instruction.b);
    case "cast": {
      const dtype = dtypeOf(instruction.x);
      return () => castValue(at(instruction.x), dtype, instruction.dtype);
    }
    case "reduce":
      return undefined;
    default:
      return instruction satisfies never;
  }
}
