/** How well each cell learns at each lag, point by point. */
import { css } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { h, on } from "../../../page/dom.ts";
import type { SweepAnswer, SweepPoint } from "../pictures.ts";
import { COLOURS, COLUMNS, DASHES, keyOf, type MemoryContext, percent } from "./context.ts";
import { repeated } from "./repeated.ts";

const MARGIN = { top: 10, right: 12, bottom: 34, left: 46 };
const LAGS = [5, 10, 20, 40, 60, 80, 100];

export function sweepSection(context: MemoryContext): () => void {
  const { words, remote } = context;
  const { sweep, cells } = words;
  const body = context.section({
    title: sweep.title,
    text: sweep.text,
    code: () => import("../snippets/lags.ts?raw"),
  });
  let now: SweepAnswer | undefined;
  const picture = new Picture({
    label: sweep.label(""),
    height: (width) => Math.min(240, Math.max(190, width * 0.5)),
    draw: (to, width, height) => draw(to, [width, height], now?.points ?? [], sweep),
  });
  const measure = h("button", { type: "button", "data-do": "sweep" }, sweep.measure);
  const told = h("p", { class: "quiet", role: "status" });
  const legend = h("p", { class: "legend" }, ...COLUMNS.map((name) => keyOf(name, cells[name])));
  body.append(picture.canvas, legend, h("div", { class: "buttons" }, measure), told);

  const measuring = repeated(
    () => remote.ask("sweep", null),
    (answer) => {
      const isNew = answer.points.length !== now?.points.length;
      now = answer;
      body.dataset.points = String(answer.points.length);
      if (isNew) {
        picture.describe(sweep.label(spoken(answer.points)));
        picture.redraw();
      }
      if (answer.isDone) told.textContent = sweep.done;
      return !answer.isDone;
    },
    () => {
      measure.textContent = sweep.measure;
    },
  );
  const spoken = (points: readonly SweepPoint[]) =>
    points
      .map(({ name, lag, accuracy }) => `${cells[name]} ${lag}: ${percent(accuracy)}`)
      .join(", ");
  const end = on(measure, "click", () => {
    if (measuring.isRunning) return measuring.stop();
    measure.textContent = sweep.stop;
    told.textContent = "";
    measuring.start();
  });
  return () => {
    measuring.stop();
    end();
    picture.dispose();
  };
}

function draw(
  to: CanvasRenderingContext2D,
  [width, height]: readonly [number, number],
  points: readonly SweepPoint[],
  { axis, empty }: MemoryContext["words"]["sweep"],
): void {
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  const x = (lag: number) => MARGIN.left + (lag / 100) * (right - MARGIN.left);
  const y = (share: number) => bottom - share * (bottom - MARGIN.top);
  to.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  to.lineWidth = 1;
  to.strokeStyle = css("rule");
  to.fillStyle = css("dim");
  to.textBaseline = "middle";
  to.textAlign = "right";
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    to.beginPath();
    to.moveTo(MARGIN.left, y(share));
    to.lineTo(right, y(share));
    to.stroke();
    to.fillText(percent(share), MARGIN.left - 6, y(share));
  }
  to.textBaseline = "top";
  to.textAlign = "center";
  // 5 and 10 are too close to be written both.
  for (const lag of LAGS.filter((one) => one !== 10)) to.fillText(String(lag), x(lag), bottom + 5);
  to.fillText(axis, (MARGIN.left + right) / 2, bottom + 19);
  if (points.length === 0) to.fillText(empty, (MARGIN.left + right) / 2, y(0.56));
  to.lineWidth = 2;
  for (const name of COLUMNS) {
    const own = points.filter((point) => point.name === name);
    to.strokeStyle = to.fillStyle = css(COLOURS[name]);
    to.setLineDash([...DASHES[name]]);
    to.beginPath();
    for (const { lag, accuracy } of own) to.lineTo(x(lag), y(accuracy));
    to.stroke();
    to.setLineDash([]);
    for (const { lag, accuracy } of own) {
      to.beginPath();
      to.arc(x(lag), y(accuracy), 3.5, 0, 2 * Math.PI);
      to.fill();
    }
  }
}
