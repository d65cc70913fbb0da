import { sizeOf } from "../tensor/shape.ts";
import type { Region } from "./lowering.ts";

/** A value that is brought to where it is wanted when everything has been computed. */
export interface Move {
  readonly from: Region;
  readonly to: Region;
  readonly why: string;
}

/** Tells the moves whose value another one writes over. Targets lie apart from each other. */
export function findEndangered(moves: readonly Move[]): (move: Move) => boolean {
  const targets = new Map<number, Region[]>();
  for (const { to } of moves) {
    const own = targets.get(to.buffer);
    if (own === undefined) targets.set(to.buffer, [to]);
    else own.push(to);
  }
  for (const own of targets.values()) own.sort((a, b) => a.offset - b.offset);
  return ({ from, to }) => {
    const own = targets.get(from.buffer) ?? [];
    for (let i = firstEndingBehind(own, from.offset); i < own.length; i++) {
      const target = own[i];
      if (target === undefined || target.offset >= endOf(from)) return false;
      if (target !== to) return true;
    }
    return false;
  };
}

function firstEndingBehind(sorted: readonly Region[], offset: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const region = sorted[middle];
    if (region !== undefined && endOf(region) <= offset) from = middle + 1;
    else to = middle;
  }
  return from;
}

function endOf({ offset, type }: Region): number {
  return offset + sizeOf(type.shape);
}
