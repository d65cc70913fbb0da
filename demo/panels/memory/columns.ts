/** The cells that learn side by side, each in the same network: what the task gives, the cell, and a linear layer. */
import { type Cell, cells, type nn, zeros } from "gradgpu";
import { answering, memoryModel, remembering } from "../../../examples/memory/model.ts";
import type { Task } from "../../../examples/memory/tasks/task.ts";
import { ownLayer, readCell, type WrittenCell } from "./own/cell.ts";
import { CellError } from "./own/parse.ts";
import type { ColumnName } from "./pictures.ts";

export const UNITS = 32;
/** Of a step, for looking at shapes: neither the number of units nor that of rows. */
const FEATURES = 16;

export type BuiltIn = Exclude<ColumnName, "own">;
export const BUILT_IN: Readonly<Record<BuiltIn, Cell>> = {
  rnn: cells.rnn.tanh,
  lstm: cells.lstm,
  gru: cells.gru,
};

export type Column =
  | { readonly name: BuiltIn; readonly cell: Cell }
  | { readonly name: "own"; readonly cell: WrittenCell };

/** Those of a library, and the visitor's where it can be read; `wrong` says why not. */
export function columnsOf(code: string): {
  readonly columns: readonly Column[];
  readonly wrong: CellError | undefined;
} {
  const columns: Column[] = (["rnn", "gru", "lstm"] as const).map((name) => ({
    name,
    cell: BUILT_IN[name],
  }));
  try {
    return { columns: [...columns, { name: "own", cell: checkedCell(code) }], wrong: undefined };
  } catch (error) {
    if (error instanceof CellError) return { columns, wrong: error };
    throw error;
  }
}

/** @throws CellError for what cannot be read, and for shapes that do not fit */
export function checkedCell(code: string): WrittenCell {
  const cell = readCell(code);
  shapesOf(cell);
  return cell;
}

/** Walks a few steps of nothing: graphs are checked as they are made, and nothing is computed. */
function shapesOf(cell: WrittenCell): void {
  const layer = ownLayer(cell, { inputs: FEATURES, units: UNITS, seed: 0 });
  layer(zeros([2, 3, FEATURES]));
}

export interface ModelSettings {
  readonly task: Task;
  readonly lag: number;
  readonly gates: "open" | "plain";
  readonly seed: number;
}

export function modelOf(column: Column, { task, lag, gates, seed }: ModelSettings): nn.Module {
  if (column.name === "own") {
    const layer = ownLayer(column.cell, { inputs: task.features, units: UNITS, seed });
    return answering(task, layer, UNITS, seed);
  }
  const bias = gates === "open" ? remembering(column.name, lag) : undefined;
  return memoryModel(task, { cell: column.name, hidden: UNITS, bias, seed });
}
