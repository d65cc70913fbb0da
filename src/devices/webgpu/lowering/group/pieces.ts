/** Pieces of packed tensors, in a table among a kernel's parameters: workgroups walk those instead of places. */
import type { Segment } from "../../../../ops/packed.ts";
import type { Words } from "./words.ts";

/** A uniform buffer has room for 4096 pieces of 16 bytes: those of so many tensors, and so many more where they are cut. */
export const MAX_TENSORS = 2000;
export const MAX_CUTS = 1024;

/** Pieces behind all other words: start and end of each. */
export function addPieces(words: Words, pieces: readonly Segment[]): void {
  while (words.values.length % 4 !== 0) words.word(0);
  words.table(pieces.flatMap(({ start, length }) => [start, start + length, 0, 0]));
}
