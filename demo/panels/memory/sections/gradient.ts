/** ‖∂loss/∂state_t‖ by the distance from the answer: thin before anything was learned, thick now. */
import { css } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { h, newId, on } from "../../../page/dom.ts";
import type { ByState, GradientAnswer } from "../pictures.ts";
import { COLOURS, keyOf, type MemoryContext, small } from "./context.ts";
import {
  distanceAt,
  drawLine,
  drawNormAxes,
  drawNorms,
  type NormAxes,
  type NormLine,
} from "./norm-axes.ts";

/** Smaller norms lie on the lower edge. */
const LOWEST = 1e-10;
/** For the names at the lines' far ends. */
const GUTTER = 76;

export function gradientSection(context: MemoryContext): () => void {
  const { words, remote } = context;
  const { gradient, cells } = words;
  const body = context.section({
    title: gradient.title,
    text: gradient.text,
    code: () => import("../snippets/gradient-flow.ts?raw"),
    isWide: true,
  });
  let now: GradientAnswer | undefined;
  let reached = 0;
  const picture = new Picture({
    label: gradient.label(""),
    height: (width) => Math.min(340, Math.max(240, width * 0.45)),
    draw: (to, width, height) => now && draw(to, [width, height], now, distance(), words),
  });
  picture.canvas.dataset.picture = "gradient";
  const id = newId("distance");
  const slider = h("input", { id, type: "range", min: 0, max: 20, step: 1, value: 20 });
  const shown = h("output", { for: id });
  const readout = h("p", { class: "legend" });
  const distance = () => slider.valueAsNumber;
  body.append(
    picture.canvas,
    h("div", { class: "field" }, h("label", { for: id }, gradient.readout, shown), slider),
    readout,
  );

  function tell(): void {
    if (now === undefined) return;
    shown.textContent = gradient.distance(distance());
    const lines = now.columns.flatMap(({ name, start, now: later }) =>
      Object.keys(start).map((state) => {
        const title = `${cells[name]}${state === "c" ? `, ${gradient.cell}` : ""}`;
        const at = (norms: ByState | undefined) => valueAt(norms?.[state], distance());
        const numbers = [`${gradient.start} ${said(at(start))}`];
        if (later !== undefined) numbers.push(`${gradient.now} ${said(at(later))}`);
        return { name, state, text: `${title}: ${numbers.join(", ")}` };
      }),
    );
    if (readout.childElementCount !== lines.length)
      readout.replaceChildren(...lines.map(({ name, state }) => keyOf(name, "", state === "c")));
    lines.forEach(({ text }, i) => {
      const last = readout.children[i]?.lastChild;
      if (last) last.textContent = text;
    });
    const spoken = lines.map(({ text }) => text).join("; ");
    picture.describe(gradient.label(`${gradient.distance(distance())}: ${spoken}.`));
    picture.redraw();
  }

  const ends = [
    on(slider, "input", tell),
    on(picture.canvas, "pointermove", (event) => {
      if (now === undefined) return;
      const { x } = picture.at(event);
      slider.value = String(distanceAt(x, picture.canvas.clientWidth, now.steps, GUTTER));
      tell();
    }),
  ];
  const watch = remote.watch(picture.canvas, "gradient", null, (answer) => {
    const reach = Math.max(0, ...answer.columns.map(({ start }) => start.h?.length ?? 0));
    const isOther = answer.steps !== now?.steps || reach !== reached;
    now = answer;
    reached = reach;
    // For programs: the numbers that are drawn.
    Object.assign(picture.canvas, { shown: answer });
    if (isOther) {
      slider.max = String(answer.steps - 1);
      slider.value = String(reach - 1);
    }
    tell();
  });
  return () => {
    for (const end of ends) end();
    watch.stop();
    picture.dispose();
  };
}

const said = (norm: number | undefined) => (norm === undefined ? "–" : small(norm));

/** Undefined in front of what the window reaches. */
function valueAt(norms: Float32Array | undefined, distance: number): number | undefined {
  return norms?.[norms.length - 1 - distance];
}

function draw(
  to: CanvasRenderingContext2D,
  size: readonly [number, number],
  { steps, columns }: GradientAnswer,
  distance: number,
  { gradient, cells }: MemoryContext["words"],
): void {
  const norms = columns.flatMap(({ start, now }) => [
    ...Object.values(start),
    ...Object.values(now ?? {}),
  ]);
  const largest = Math.max(1e-2, ...norms.flatMap((of) => [...of].filter(Number.isFinite)));
  const title = gradient.axis;
  const axes = drawNormAxes(to, size, { steps, lowest: LOWEST, largest, title, gutter: GUTTER });
  const reach = Math.max(0, ...norms.map((of) => of.length));
  if (reach < steps) cut(to, axes, reach - 0.5, gradient.cut);
  drawLine(to, css("dim", 0.7), [
    [axes.x(distance), axes.top],
    [axes.x(distance), axes.bottom],
  ]);
  for (const { name, start, now = {} } of columns) {
    curves(to, axes, start, { colour: css(COLOURS[name], 0.75), width: 1 });
    curves(to, axes, now, { colour: css(COLOURS[name]), width: 2.5 });
  }
  if (reach === steps) names(to, axes, columns, cells);
}

/** Names at the far ends of the lines, apart from each other. */
function names(
  to: CanvasRenderingContext2D,
  { left, top, bottom, y }: NormAxes,
  columns: GradientAnswer["columns"],
  cells: MemoryContext["words"]["cells"],
): void {
  const ends = columns
    .flatMap(({ name, start, now = start }) =>
      Object.entries(now).map(([state, norms]) => ({
        name,
        text: state === "c" ? `${cells[name]}, c` : cells[name],
        at: y(norms[0] ?? 0),
      })),
    )
    .toSorted((a, b) => a.at - b.at);
  to.textAlign = "right";
  to.textBaseline = "middle";
  let free = top + 2;
  for (const { name, text, at } of ends) {
    const place = Math.min(bottom - 6, Math.max(at, free));
    to.fillStyle = css(COLOURS[name]);
    to.fillText(text, left - 6, place);
    free = place + 14;
  }
}

/** Of each state a line: c with dashes. */
function curves(to: CanvasRenderingContext2D, axes: NormAxes, all: ByState, line: NormLine): void {
  for (const [state, norms] of Object.entries(all))
    drawNorms(to, axes, norms, { ...line, dash: state === "c" ? [6, 4] : [] });
}

/** Where the window ends: nothing comes further back. */
function cut(
  to: CanvasRenderingContext2D,
  { x, left, top, bottom }: NormAxes,
  back: number,
  text: string,
): void {
  const at = x(back);
  to.fillStyle = css("warm", 0.08);
  to.fillRect(left, top, at - left, bottom - top);
  to.setLineDash([4, 4]);
  drawLine(to, css("warm"), [
    [at, top],
    [at, bottom],
  ]);
  to.setLineDash([]);
  to.fillStyle = css("warm");
  to.textBaseline = "top";
  const isRoomy = at - left > to.measureText(text).width + 24;
  to.textAlign = isRoomy ? "right" : "left";
  to.fillText(`✂ ${text}`, isRoomy ? at - 6 : at + 6, top + 4);
}
