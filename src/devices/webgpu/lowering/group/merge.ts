import type { GroupProgram, View } from "../../../../scheduler/group-program.ts";
import { mergeDimensions } from "../../../../tensor/walk.ts";

/** The program over as few dimensions as its views allow, of those kept and of those of a row apart. */
export function mergedProgram(program: GroupProgram): GroupProgram {
  const { inputs, indices, stores, shape, kept } = program;
  const views: readonly View[] = [...inputs, ...indices, ...stores];
  const part = (from: number, to: number) =>
    mergeDimensions(
      shape.slice(from, to),
      views.map(({ strides }) => strides.slice(from, to)),
    );
  const [rows, columns] = [part(0, kept), part(kept, shape.length)];
  const merged = <V extends View>(list: readonly V[], first: number): V[] =>
    list.map((view, i) => ({
      ...view,
      strides: [...(rows.strides[first + i] ?? []), ...(columns.strides[first + i] ?? [])],
    }));
  return {
    ...program,
    shape: [...rows.shape, ...columns.shape],
    kept: rows.shape.length,
    inputs: merged(inputs, 0),
    indices: merged(indices, inputs.length),
    stores: merged(stores, inputs.length + indices.length),
  };
}
