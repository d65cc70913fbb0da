/** The network unrolled in time: forward, then back, a step at a time. */

import { Picture } from "../../../draw/picture.ts";
import { h, newId, on } from "../../../page/dom.ts";
import type { ColumnName, FilmAnswer } from "../pictures.ts";
import { COLUMNS, type MemoryContext, percent, small } from "./context.ts";
import { drawFilm, filmHeight } from "./film-picture.ts";

const FRAME_MS = 450;

export function filmSection(context: MemoryContext): () => void {
  const { words, remote } = context;
  const { film } = words;
  const body = context.section({
    title: film.title,
    text: film.text,
    code: () => import("../snippets/truncation.ts?raw"),
    isWide: true,
  });
  let now: FilmAnswer | undefined;
  let network: ColumnName = "lstm";
  let sequence = 0;
  const picture = new Picture({
    label: film.label(""),
    height: (width) => filmHeight(width, now),
    draw: (to, width, height) =>
      now && drawFilm(to, [width, height], now, slider.valueAsNumber, words),
  });
  picture.canvas.dataset.picture = "film";
  const id = newId("film");
  const slider = h("input", {
    id,
    type: "range",
    min: 0,
    max: 32,
    step: 1,
    value: 32,
    "data-do": "film-position",
  });
  const told = h("p", { class: "told" });
  const networks = h("div", { class: "buttons", role: "group", "aria-label": film.network });
  const button = (name: string, text: string) =>
    h("button", { type: "button", "data-do": name }, text);
  const [back, forth, play, other] = [
    button("film-back", `‹ ${film.back}`),
    button("film-forth", `${film.forth} ›`),
    button("film-play", film.play),
    button("film-other", words.asked.other),
  ];
  const chosen = new Map(
    COLUMNS.map((name) => [name, button(`film-${name}`, words.cells[name])] as const),
  );
  networks.append(...chosen.values());
  body.append(
    networks,
    h("div", { class: "film" }, picture.canvas),
    h("div", { class: "field" }, h("label", { for: id }, film.position), slider),
    h("div", { class: "buttons" }, back, forth, play, other),
    told,
  );

  const watch = remote.watch(picture.canvas, "film", { network, sequence }, (answer) => {
    const steps = answer.reads.length;
    if (steps !== now?.reads.length) {
      slider.max = String(2 * steps);
      slider.value = slider.max;
    }
    now = answer;
    Object.assign(picture.canvas, { shown: answer });
    tell();
  });

  function ask(): void {
    for (const [name, one] of chosen) one.setAttribute("aria-pressed", String(name === network));
    watch.ask({ network, sequence });
  }

  function tell(): void {
    if (now === undefined) return;
    told.textContent = frameOf(now, slider.valueAsNumber, words);
    slider.setAttribute("aria-valuetext", told.textContent);
    picture.describe(film.label(told.textContent));
    picture.redraw();
  }

  let timer: ReturnType<typeof setInterval> | undefined;
  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    play.textContent = film.play;
  }
  function move(by: number): void {
    slider.value = String(slider.valueAsNumber + by);
    tell();
  }
  function toggle(): void {
    if (timer !== undefined) {
      stop();
      return;
    }
    if (slider.value === slider.max) slider.value = "0";
    play.textContent = film.stop;
    timer = setInterval(() => {
      move(1);
      if (slider.value === slider.max) stop();
    }, FRAME_MS);
  }
  const ends = [
    on(slider, "input", () => {
      stop();
      tell();
    }),
    on(back, "click", () => {
      stop();
      move(-1);
    }),
    on(forth, "click", () => {
      stop();
      move(1);
    }),
    on(play, "click", toggle),
    on(other, "click", () => {
      sequence++;
      ask();
    }),
    ...[...chosen].map(([name, one]) =>
      on(one, "click", () => {
        network = name;
        ask();
      }),
    ),
  ];
  ask();
  return () => {
    stop();
    for (const end of ends) end();
    watch.stop();
    picture.dispose();
  };
}

/** What the picture shows at a position: 0 … T forward, the loss at T, then back. */
export function frameOf(film: FilmAnswer, position: number, words: MemoryContext["words"]): string {
  const { reads, answer, loss, cuts, gradients, lanes } = film;
  const steps = reads.length;
  const say = words.film;
  if (position < steps) return say.wayForward(position + 1, reads[position] ?? "");
  if (position === steps) return say.atLoss(small(loss), answer);
  const t = 2 * steps - position;
  const norm = gradients.h?.[t] ?? 0;
  const lastCut = cuts.at(-1) ?? 0;
  if (t < lastCut) return t === lastCut - 1 ? say.cut(lastCut + 1) : say.none(t + 1);
  const share = percent(norm / (gradients.h?.[steps - 1] || 1));
  const way = say.wayBack(t + 1, small(norm), share);
  if (lanes === undefined) return way;
  return `${way} ${say.lanes(small(lanes.kept[t] ?? 0), small(lanes.read[t] ?? 0))}`;
}
