/** What a visitor draws as a picture of the kind that the networks learn from. */
import { type Ink, PIXELS, SIDE } from "./pictures.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a pointer was, from touching the pad to leaving it. */
export type Stroke = readonly Point[];

/** Rows and columns of the box that a digit is scaled to. */
const BOX = 20;
/** Half the width of a line, in pixels of the picture: what MNIST's are like, however small someone has drawn. */
const RADIUS = 1.25;
/** What is smaller than a seventh of a pad of 280 is not scaled up any more: a dot stays one. */
const LEAST_SIZE = 40;

/**
 * Strokes as MNIST has its digits: scaled into a box of 20 × 20 with the shape kept, and with the centre of mass in the middle
 * of 28 × 28. Lines have one width whatever the scale. LeCun et al. 1998.
 */
export function inkOf(strokes: readonly Stroke[]): Ink {
  const points = strokes.flat();
  if (points.length === 0) return new Uint8Array(PIXELS);
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const scale = (BOX - 2 * RADIUS) / Math.max(right - left, bottom - top, LEAST_SIZE);
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const placed = (centre: Point) =>
    strokes.map((stroke) =>
      stroke.map(({ x, y }) => ({
        x: SIDE / 2 + (x - middle.x) * scale - centre.x,
        y: SIDE / 2 + (y - middle.y) * scale - centre.y,
      })),
    );
  const boxed = rendered(placed({ x: 0, y: 0 }));
  return Uint8Array.from(rendered(placed(offCentre(boxed))), (share) => Math.round(255 * share));
}

/** How far the centre of mass is from the middle. */
function offCentre(picture: Float32Array): Point {
  let [mass, x, y] = [0, 0, 0];
  picture.forEach((share, i) => {
    mass += share;
    x += share * ((i % SIDE) + 0.5);
    y += share * (Math.floor(i / SIDE) + 0.5);
  });
  return { x: x / mass - SIDE / 2, y: y / mass - SIDE / 2 };
}

/** How much of every pixel is covered by lines. */
function rendered(strokes: readonly Stroke[]): Float32Array {
  const picture = new Float32Array(PIXELS);
  for (const stroke of strokes)
    stroke.forEach((to, i) => {
      drawLine(picture, stroke[Math.max(0, i - 1)] ?? to, to);
    });
  return picture;
}

function drawLine(picture: Float32Array, a: Point, b: Point): void {
  const reach = RADIUS + 1;
  const within = (value: number) => Math.min(SIDE, Math.max(0, value));
  const rows = [within(Math.floor(Math.min(a.y, b.y) - reach)), within(Math.max(a.y, b.y) + reach)];
  const columns = [
    within(Math.floor(Math.min(a.x, b.x) - reach)),
    within(Math.max(a.x, b.x) + reach),
  ];
  const [[firstRow = 0, endRow = 0], [firstColumn = 0, endColumn = 0]] = [rows, columns];
  for (let row = firstRow; row < endRow; row++)
    for (let column = firstColumn; column < endColumn; column++) {
      const far = distance({ x: column + 0.5, y: row + 0.5 }, a, b);
      const share = Math.min(1, Math.max(0, RADIUS + 0.5 - far));
      const at = row * SIDE + column;
      picture[at] = Math.max(picture[at] ?? 0, share);
    }
}

/** From a point to a line from a to b. */
function distance(point: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / length2;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(point.x - a.x - share * dx, point.y - a.y - share * dy);
}
