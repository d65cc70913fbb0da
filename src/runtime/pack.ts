import { packedOffsets } from "../ops/packed.ts";
import { BYTES_PER_ELEMENT } from "../tensor/dtype.ts";
import { bytesOf } from "../tensor/shape.ts";
import { Block, type Cell } from "./cell.ts";
import type { Variable } from "./tensor.ts";

/** Moves variables side by side into one block, so that one kernel can reach them all. */
export function packVariables(variables: readonly Variable[]): void {
  const { offsets, length } = packedOffsets(variables.map(({ shape }) => shape));
  const cells = variables.map(({ cell }) => cell);
  const home = cells[0]?.block;
  if (cells.every((cell, i) => cell.block === home && cell.offset === offsets[i])) return;
  const block = new Block(length * BYTES_PER_ELEMENT);
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
  const bytes = bytesOf(cell.type);
  const target = held.owner.storageOf(to);
  device.copy(
    held.storage,
    cell.offset * BYTES_PER_ELEMENT,
    target,
    offset * BYTES_PER_ELEMENT,
    bytes,
  );
}
