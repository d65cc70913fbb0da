/** Digits as someone draws them on a pad of 280 × 280: points that a pointer passes. */
import type { Stroke } from "../../../demo/panels/digits/ink.ts";

const line = (...places: readonly (readonly [number, number])[]): Stroke =>
  places.flatMap(([x, y], i) => {
    const [fromX, fromY] = places[Math.max(0, i - 1)] ?? [x, y];
    // A pointer moves a few pixels at a time.
    return Array.from({ length: 8 }, (_, k) => {
      const share = (k + 1) / 8;
      return { x: fromX + (x - fromX) * share, y: fromY + (y - fromY) * share };
    });
  });
const arc = (x: number, y: number, rx: number, ry: number, from: number, to: number): Stroke =>
  Array.from({ length: 33 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / 32) * Math.PI) / 180;
    return { x: x + rx * Math.cos(angle), y: y + ry * Math.sin(angle) };
  });

export const drawn: Readonly<Record<number, readonly Stroke[]>> = {
  0: [arc(140, 140, 60, 90, -90, 270)],
  1: [line([150, 50], [138, 230])],
  2: [[...arc(135, 100, 55, 50, -170, 40), ...line([175, 135], [85, 225], [205, 222])]],
  3: [[...arc(130, 95, 50, 45, -150, 90), ...arc(130, 185, 58, 48, -90, 150)]],
  4: [line([110, 50], [80, 150], [195, 145]), line([180, 60], [165, 235])],
  7: [line([75, 70], [200, 65], [130, 235])],
};
