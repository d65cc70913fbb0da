/** The two ways into an LSTM's cell state, and the one along h, step by step back from the answer. */
import { type ColourName, css } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import type { FilmAnswer } from "../pictures.ts";
import { type MemoryContext, percent, small } from "./context.ts";
import { drawNormAxes, drawNorms } from "./norm-axes.ts";

const LOWEST = 1e-6;
const LINES = [
  { name: "kept", colour: "s2", dash: [6, 4] },
  { name: "read", colour: "s3", dash: [2, 3] },
  { name: "h", colour: "s0", dash: [] },
] as const satisfies readonly { name: string; colour: ColourName; dash: readonly number[] }[];

export function lstmSection(context: MemoryContext): () => void {
  const { words, remote } = context;
  const { lstm } = words;
  const body = context.section({
    title: lstm.title,
    text: lstm.text,
    code: () => import("../snippets/two-gradients.ts?raw"),
  });
  let now: FilmAnswer | undefined;
  const picture = new Picture({
    label: lstm.label(""),
    height: (width) => Math.min(240, Math.max(190, width * 0.5)),
    draw: (to, width, height) => now && draw(to, [width, height], now),
  });
  const legend = LINES.map(({ name, colour, dash: [on, off] }) => {
    const line = h("i");
    const of = `var(--${colour})`;
    line.style.background =
      on === undefined
        ? of
        : `repeating-linear-gradient(90deg, ${of} 0 ${on}px, transparent ${on}px ${on + off}px)`;
    return h("span", {}, line, lstm[name]);
  });
  const gate = h("p", { class: "quiet" });
  body.append(picture.canvas, h("p", { class: "legend" }, ...legend), gate);

  function draw(
    to: CanvasRenderingContext2D,
    size: readonly [number, number],
    film: FilmAnswer,
  ): void {
    const all = LINES.flatMap(({ name }) => Array.from(normsOf(film, name)));
    const largest = Math.max(1e-2, ...all.filter(Number.isFinite));
    const range = { steps: film.reads.length, lowest: LOWEST, largest, title: lstm.axis };
    const axes = drawNormAxes(to, size, range);
    for (const { name, colour, dash } of LINES)
      drawNorms(to, axes, normsOf(film, name), { colour: css(colour), width: 2.5, dash });
  }

  const watch = remote.watch(picture.canvas, "film", { network: "lstm", sequence: 0 }, (answer) => {
    now = answer;
    const { forget = [] } = answer.lanes ?? {};
    const mean = [...forget].reduce((sum, one) => sum + one, 0) / forget.length;
    gate.textContent = lstm.forget(percent(mean));
    const told = LINES.map(({ name }) => `${lstm[name]} ${small(normsOf(answer, name)[0] || 0)}`);
    picture.describe(lstm.label(told.join(", ")));
    picture.redraw();
  });
  return () => {
    watch.stop();
    picture.dispose();
  };
}

/** As far back as the gradient goes. Along c nothing comes into the last step: no point there. */
function normsOf(
  { lanes, gradients, cuts }: FilmAnswer,
  name: (typeof LINES)[number]["name"],
): ArrayLike<number> {
  const norms = name === "h" ? gradients.h : lanes?.[name];
  return norms?.slice(Math.max(0, ...cuts)).map((norm) => norm || Number.NaN) ?? [];
}
