/** Axes for norms of gradients: logarithmic upwards, and to the left the steps before the answer. Powers stand on the right, so that names can stand at the far ends of the lines. */
import { css } from "../../../draw/colours.ts";

const MARGIN = { top: 12, right: 46, bottom: 36, left: 12 };
/** So many points are seen as such: of a window of one step there is no line. */
const FEW = 6;

type Context = CanvasRenderingContext2D;

export interface NormAxes {
  readonly x: (back: number) => number;
  readonly y: (norm: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface NormRange {
  readonly steps: number;
  /** Smaller norms lie on the lower edge. */
  readonly lowest: number;
  readonly largest: number;
  readonly title: string;
  /** What is free beside the far ends, in pixels. */
  readonly gutter?: number;
}

export function drawNormAxes(
  to: Context,
  [width, height]: readonly [number, number],
  { steps, lowest, largest, title, gutter = 0 }: NormRange,
): NormAxes {
  const { top } = MARGIN;
  const left = MARGIN.left + gutter;
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  const high = Math.ceil(Math.log10(largest));
  const low = Math.log10(lowest);
  const x = (back: number) => right - (back / Math.max(1, steps - 1)) * (right - left);
  const y = (norm: number) => {
    const share = (Math.log10(Math.max(lowest, norm)) - low) / (high - low);
    return bottom - share * (bottom - top);
  };
  to.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  to.lineWidth = 1;
  to.fillStyle = css("dim");
  to.textAlign = "left";
  to.textBaseline = "middle";
  for (let power = high; power >= low; power -= 2) {
    const at = y(10 ** power);
    drawLine(to, css("rule"), [
      [left, at],
      [right, at],
    ]);
    to.fillText(power === 0 ? "1" : `10${raised(power)}`, right + 8, at);
  }
  to.textAlign = "center";
  to.textBaseline = "top";
  for (const back of ticks(steps - 1)) to.fillText(String(back), x(back), bottom + 6);
  to.fillText(title, (left + right) / 2, bottom + 20);
  return { x, y, left, right, top, bottom };
}

/** The distance at a place of the picture. */
export function distanceAt(x: number, width: number, steps: number, gutter = 0): number {
  const share = (width - MARGIN.right - x) / (width - MARGIN.left - gutter - MARGIN.right);
  return Math.round(share * (steps - 1));
}

export interface NormLine {
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

/** Norms in the order of time: the last is that of the answer's step. */
export function drawNorms(
  to: Context,
  { x, y }: NormAxes,
  norms: ArrayLike<number>,
  { colour, width, dash = [] }: NormLine,
): void {
  const points = Array.from(norms, (norm, t) => [x(norms.length - 1 - t), y(norm)] as const);
  to.lineWidth = width;
  to.setLineDash([...dash]);
  drawLine(to, colour, points);
  to.setLineDash([]);
  if (points.length > FEW) return;
  to.fillStyle = colour;
  for (const [at, up] of points) {
    to.beginPath();
    to.arc(at, up, width + 1, 0, 2 * Math.PI);
    to.fill();
  }
}

export function drawLine(
  to: Context,
  colour: string,
  points: readonly (readonly [number, number])[],
): void {
  to.strokeStyle = colour;
  to.beginPath();
  for (const [x, y] of points) to.lineTo(x, y);
  to.stroke();
}

function ticks(most: number): number[] {
  const step = [1, 2, 5, 10, 20].find((one) => most / one <= 10) ?? 50;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function raised(power: number): string {
  return [...String(power)]
    .map((c) => (c === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "")))
    .join("");
}
