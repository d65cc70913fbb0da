import { type Ink, PIXELS, SIDE } from "./pictures.ts";

/** A picture moved by dx columns to the right and dy rows down; what comes in is paper, what goes out is lost. */
export function shiftedInk(ink: Ink, dx: number, dy: number): Ink {
  const moved = new Uint8Array(PIXELS);
  const from = Math.max(0, dx);
  const to = Math.min(SIDE, SIDE + dx);
  for (let row = Math.max(0, dy); row < Math.min(SIDE, SIDE + dy); row++) {
    const start = (row - dy) * SIDE - dx;
    if (to > from) moved.set(ink.subarray(start + from, start + to), row * SIDE + from);
  }
  return moved;
}

const SIDES = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** The same for digit `index` of many: each goes to one of four sides, as many to each. */
export function shiftedAside(ink: Ink, distance: number, index: number): Ink {
  const [dx, dy] = SIDES[index % SIDES.length] ?? [0, 0];
  return shiftedInk(ink, dx * distance, dy * distance);
}
