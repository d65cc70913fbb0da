import { packedOffsets } from "../ops/packed.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf } from "../tensor/shape.ts";
import { Block, type Cell } from "./cell.ts";
import { queueOf } from "./locate.ts";
import type { Variable } from "./tensor.ts";

/** Moves variables side by side into one block, so that one kernel can reach them all. */
export function packVariables(variables: readonly Variable[]): void {
  const cells = variables.map(({ cell }) => cell);
  const runtime = queueOf(cells);
  // Steps that were called before run where the variables lie now.
  if (runtime === undefined) packCells(cells);
  else runtime.inOrder(() => packCells(cells));
}

function packCells(cells: readonly Cell[]): void {
  const { offsets, length } = packedOffsets(cells.map(({ type }) => type.shape));
  const home = cells[0]?.block;
  const bytes = length * BYTES_PER_ELEMENT;
  const isHome = (cell: Cell, i: number) => cell.block === home && cell.offset === offsets[i];
  if (cells.every(isHome) && (home?.bytes ?? 0) >= bytes) return;
  for (const cell of cells) cell.checkAlive();
  const block = new Block(bytes, true);
  cells.forEach((cell, i) => {
    const offset = offsets[i] ?? 0;
    moveElements(cell, block, offset);
    cell.moveTo(block, offset);
  });
}

/** Elements that are still on the host go to their new place when they are first needed. */
function moveElements(cell: Cell, to: Block, offset: number): void {
  const { held } = cell.block;
  if (cell.host !== undefined || held === undefined) return;
  const { device } = held.owner;
  const target = held.owner.storageOf(to);
  const from = cell.offset * BYTES_PER_ELEMENT;
  device.copy(held.storage, from, target, offset * BYTES_PER_ELEMENT, bytesOf(cell.type));
}
