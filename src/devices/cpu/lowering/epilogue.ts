/**
 * Calls of kernels that do something with their results before they leave them: an emitted function over rows, which
 * wasm/epilogue.ts calls for each piece of the result, in place.
 */
import { InternalError } from "../../../errors.ts";
import type { GraphValue } from "../../../graph/graph.ts";
import type { GroupProgram, View } from "../../../scheduler/group-program.ts";
import {
  type Epilogue,
  type KernelCall,
  type Operand,
  type Region,
  sameRegion,
} from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import type { KernelName } from "../kernel-names.ts";
import { literalsOf, structureOf } from "./group-call.ts";
import { rowsLayout } from "./group-layout.ts";
import { call, read } from "./operands.ts";

/** Entries that fit into a thread's table; wasm/epilogue.ts. */
const MAX_ENTRIES = 16;

/**
 * Whether the kernel of an op with `out` can call what an epilogue becomes. Of several stores a pass of its own is as fast
 * or faster here: pieces of a tile go to as many places otherwise.
 */
export function takesEpilogue(out: GraphValue, { program, more }: Epilogue<GraphValue>): boolean {
  return more.length === 0 && byRows(program, out.type.shape.at(-1) ?? 1) !== undefined;
}

/** A kernel's call: `operands` are its own, `out` among them is what the epilogue is over; `words` its own. */
export function callHost(
  kernel: KernelName,
  operands: readonly Operand[],
  words: readonly number[],
  { out, epilogue }: { readonly out: Region; readonly epilogue: Epilogue | undefined },
): KernelCall {
  if (epilogue === undefined) return call(kernel, operands, [-1, ...words]);
  const columns = out.type.shape.at(-1) ?? 1;
  const program = byRows(epilogue.program, columns);
  if (program === undefined)
    throw new InternalError("An epilogue must be one that takesEpilogue takes.");
  const ins = epilogue.ins.map((region) => region ?? out);
  const layout = rowsLayout(program, 1);
  const structure = structureOf({ program, layout, ins, outs: [out], partials: 0 });
  const literals = literalsOf(program);
  const all = [...operands];
  const placeOf = (region: Region) => {
    const known = all.findIndex((operand) => sameRegion(operand.region, region));
    return known >= 0 ? known : all.push(read(region)) - 1;
  };
  const regions = [...ins, out];
  const entries = [...program.inputs, ...program.stores].flatMap(({ offset, strides }, i) => {
    const [row = 0, column = 0] = strides;
    return [placeOf(regions[i] ?? out), offset, row, column];
  });
  const isFlat = [...program.inputs, ...program.stores].every((view) => isEven(view, columns));
  const head = [columns, entries.length / 4, literals.length, Number(isFlat)];
  return {
    ...call(kernel, all, [...head, ...literals, ...entries, ...words]),
    constants: { structure: JSON.stringify(structure) },
  };
}

/** Whether a view lies like the result, or is the same everywhere. */
function isEven({ strides: [row = 0, column = 0] }: View, columns: number): boolean {
  return row === column * columns && column <= 1;
}

/** The program over [rows, columns], of what lies side by side in a row or is the same in all of it. */
function byRows(program: GroupProgram, columns: number): GroupProgram | undefined {
  const { shape, inputs, indices, stores } = program;
  if (indices.length > 0 || inputs.length + stores.length > MAX_ENTRIES) return undefined;
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== columns)) return undefined;
  const view = <V extends View>(own: V): V => {
    const [first = 1, second] = own.strides;
    const strides = second === undefined ? [first * columns, first] : [first, second];
    return { ...own, strides };
  };
  const walked = { ...program, inputs: inputs.map(view), stores: stores.map(view), kept: 1 };
  const isNear = ({ strides: [, column = 0] }: View) => column === 0 || column === 1;
  if (![...walked.inputs, ...walked.stores].every(isNear)) return undefined;
  return { ...walked, shape: [sizeOf(shape) / columns, columns] };
}
