import { drawTile } from "../../draw/picture.ts";
import { type Ink, SIDE } from "./pictures.ts";

/** A digit as a square of grey cells. */
export function drawInk(
  context: CanvasRenderingContext2D,
  ink: Ink,
  side: number,
  x = 0,
  y = 0,
): void {
  const tile = { rows: SIDE, columns: SIDE, colours: "sequential", scale: 255 } as const;
  drawTile(context, { values: ink, ...tile }, [x, y, side, side]);
}
