import type { Point, Stroke } from "./ink.ts";

function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Point[] {
  return Array.from({ length: 25 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 24) * Math.PI) / 180;
    return { x: x + rx * Math.cos(angle), y: y + ry * Math.sin(angle) };
  });
}

/** What is on the pad before anybody has drawn: a 3. */
export const sample: readonly Stroke[] = [
  [...arc(132, 98, 52, 46, -155, 85), ...arc(132, 186, 62, 50, -85, 150)],
];
