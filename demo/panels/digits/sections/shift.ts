/** One digit shifted to all sides, for the CNN and for the dense network; and many, by how far. */
import { drawTile, Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { border, choosable, outline, percent, within } from "../canvas.ts";
import type { Context } from "../context.ts";
import { drawInk } from "../ink-tile.ts";
import { REACH, type Shifted, type ShiftScores } from "../pictures.ts";
import { shiftedInk } from "../shift.ts";
import { drawScores } from "./shift-chart.ts";

const SHIFTS = 2 * REACH + 1;

export function shiftSection(context: Context): void {
  const { section, words, state, remote } = context;
  const { title, text, label, at, digit, chart } = words.shift;
  const body = section({
    title,
    text,
    isWide: true,
    code: () => import("../snippets/shift.ts?raw"),
  });
  let shown: Shifted | undefined;
  let place = { dx: 0, dy: 0 };
  const told = h("p", { class: "readout" });
  const moved = new Picture({
    label: digit,
    height: (width) => width,
    draw(canvas, width) {
      drawInk(canvas, shiftedInk(state.now.ink, place.dx, place.dy), width);
      border(canvas, [1, 1, width - 2, width - 2]);
    },
  });
  const pOf = (network: "cnn" | "dense") =>
    shown?.[network][(place.dy + REACH) * SHIFTS + place.dx + REACH] ?? 0;
  const squareOf = (network: "cnn" | "dense") => {
    const picture = new Picture({
      label: words[network],
      role: "application",
      height: (width) => width,
      draw(canvas, width) {
        if (shown === undefined) return;
        const box = [1, 1, width - 2, width - 2] as const;
        const values = shown[network];
        drawTile(
          canvas,
          { values, rows: SHIFTS, columns: SHIFTS, colours: "diverging", scale: 1 },
          box,
        );
        border(canvas, box);
        const cell = (width - 2) / SHIFTS;
        const [x, y] = [(place.dx + REACH) * cell, (place.dy + REACH) * cell];
        outline(canvas, [1 + x, 1 + y, cell, cell], "ink");
      },
    });
    choosable(picture, {
      point(x, y) {
        const cell = picture.canvas.clientWidth / SHIFTS;
        choose(Math.floor(x / cell) - REACH, Math.floor(y / cell) - REACH);
      },
      move: (rows, columns) => choose(place.dx + columns, place.dy + rows),
    });
    return picture;
  };
  const choose = (dx: number, dy: number) => {
    place = { dx: within(dx, -REACH, REACH), dy: within(dy, -REACH, REACH) };
    redraw();
  };
  const squares = { cnn: squareOf("cnn"), dense: squareOf("dense") };
  const redraw = () => {
    const { dx, dy } = place;
    const [cnn, dense] = [percent(pOf("cnn")), percent(pOf("dense"))];
    told.textContent = at(dx, dy, state.digit, cnn, dense);
    squares.cnn.describe(label(words.cnn, dx, dy, cnn));
    squares.dense.describe(label(words.dense, dx, dy, dense));
    for (const picture of [squares.cnn, squares.dense, moved]) picture.redraw();
  };

  body.append(
    h(
      "div",
      { class: "shift" },
      h("figure", {}, h("figcaption", {}, words.cnn), squares.cnn.canvas),
      h("figure", {}, h("figcaption", {}, words.dense), squares.dense.canvas),
      h("figure", {}, h("figcaption", {}, digit), moved.canvas),
      h("figure", { class: "scores" }, h("figcaption", {}, chart), scoresPicture(context)),
    ),
    told,
  );
  const asked = () => ({ ink: state.now.ink, digit: state.digit });
  const watch = remote.watch(squares.cnn.canvas, "shifted", asked(), (answer) => {
    shown = answer;
    redraw();
  });
  let before = state.digit;
  state.onChange(({ ink }, last) => {
    if (ink !== last.ink || state.digit !== before) watch.ask(asked());
    before = state.digit;
    redraw();
  });
}

function scoresPicture({ words, remote }: Context): HTMLCanvasElement {
  let scores: ShiftScores | undefined;
  const picture = new Picture({
    label: words.shift.chart,
    height: (width) => Math.min(240, width * 0.75),
    draw(canvas, width, height) {
      if (scores !== undefined) drawScores(canvas, width, height, scores, words);
    },
  });
  const watch = remote.watch(picture.canvas, "shiftScores", {}, (answer) => {
    scores = answer;
    const shares = (all: Float32Array) => Array.from(all, (share) => percent(share)).join(", ");
    picture.describe(words.shift.chartLabel(shares(answer.cnn), shares(answer.dense)));
    picture.redraw();
    // A measurement comes in pieces, also while nothing is trained.
    if (answer.seen > 0) watch.ask({});
  });
  return picture.canvas;
}
