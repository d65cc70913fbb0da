/** Two lines: the share that is right, by how far digits are shifted. */
import { type ColourName, css } from "../../../draw/colours.ts";
import { percent, write } from "../canvas.ts";
import { REACH, type ShiftScores } from "../pictures.ts";
import type { DigitsWords } from "../words/en.ts";

const LEFT = 44;
const BOTTOM = 36;
const TOP = 10;

export function drawScores(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { cnn, dense, count, seen }: ShiftScores,
  words: Pick<DigitsWords, "cnn" | "dense"> & { readonly shift: DigitsWords["shift"] },
): void {
  const right = 62;
  const x = (distance: number) => LEFT + (distance / REACH) * (width - LEFT - right);
  const y = (share: number) => TOP + (1 - share) * (height - TOP - BOTTOM);
  context.strokeStyle = css("rule");
  context.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    context.beginPath();
    context.moveTo(LEFT, y(share));
    context.lineTo(width - right, y(share));
    context.stroke();
    write(context, percent(share), LEFT - 6, y(share), { align: "right", size: 11 });
  }
  for (let distance = 0; distance <= REACH; distance++)
    write(context, String(distance), x(distance), height - 24, { align: "center", size: 11 });
  write(context, words.shift.pixels, (x(0) + x(REACH)) / 2, height - 8, {
    align: "center",
    size: 11,
  });
  if (cnn.length === 0) {
    const share = percent(seen / count);
    write(context, words.shift.wait(share), (x(0) + x(REACH)) / 2, y(0.75), { align: "center" });
    return;
  }
  const ends = [cnn.at(-1) ?? 0, dense.at(-1) ?? 0];
  // Names at the ends of lines that are near each other keep apart.
  const apart = Math.abs(y(ends[0] ?? 0) - y(ends[1] ?? 0)) < 14 ? 8 : 0;
  const line = (
    shares: Float32Array,
    name: string,
    colour: ColourName,
    dash: number[],
    by: number,
  ) => {
    context.strokeStyle = context.fillStyle = css(colour);
    context.lineWidth = 2;
    context.setLineDash(dash);
    context.beginPath();
    shares.forEach((share, distance) => {
      context.lineTo(x(distance), y(share));
    });
    context.stroke();
    context.setLineDash([]);
    shares.forEach((share, distance) => {
      context.beginPath();
      context.arc(x(distance), y(share), 3, 0, 2 * Math.PI);
      context.fill();
    });
    write(context, name, x(REACH) + 8, y(shares.at(-1) ?? 0) + by, { colour, isBold: true });
  };
  line(cnn, words.cnn, "s0", [], -apart);
  line(dense, words.dense, "s1", [7, 4], apart);
}
