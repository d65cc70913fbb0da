/** One sequence, what should be said behind it, and what each network says now. */
import { h, on } from "../../../page/dom.ts";
import type { AnswersAnswer, ColumnName } from "../pictures.ts";
import { COLUMNS, keyOf, type MemoryContext, percent } from "./context.ts";

/** Steps that are written out at either end of a long sequence. */
const ENDS = 9;

interface Row {
  readonly element: HTMLElement;
  readonly said: HTMLElement;
  readonly bar: HTMLElement;
  readonly sure: HTMLElement;
}

export function askedSection(context: MemoryContext): () => void {
  const { words, remote, settings } = context;
  const { asked } = words;
  const body = context.section({
    title: asked.title,
    text: asked.texts[settings().task],
    code: () => import("../snippets/recall.ts?raw"),
  });
  const text = body.parentElement?.querySelector(".text");
  const reads = h("p", { class: "reads" });
  const answer = h("strong");
  const rows = new Map<ColumnName, Row>(
    COLUMNS.map((name) => [name, rowOf(name, words.cells[name])]),
  );
  const other = h("button", { type: "button", "data-do": "other-sequence" }, asked.other);
  body.append(
    reads,
    h("p", {}, `${asked.should} `, answer),
    h("div", { class: "said" }, ...[...rows.values()].map(({ element }) => element)),
    h("div", { class: "buttons" }, other),
  );
  let sequence = 0;
  let written = "";
  const watch = remote.watch(body, "answers", { sequence }, (now) => {
    if (text) text.textContent = asked.texts[settings().task];
    const all = now.reads.join(" ");
    if (all !== written) reads.replaceChildren(...tokens(now, asked.more));
    written = all;
    answer.textContent = now.answer;
    body.dataset.answer = now.answer;
    for (const [name, row] of rows) show(row, now, name);
  });
  const end = on(other, "click", () => {
    sequence++;
    watch.ask({ sequence });
  });

  function show({ element, said, bar, sure }: Row, now: AnswersAnswer, name: ColumnName): void {
    const own = now.columns.find((column) => column.name === name);
    element.hidden = own === undefined;
    if (own === undefined) return;
    said.textContent = own.said;
    const isNumber = own.probability === undefined;
    const isRight = isNumber
      ? Math.abs(Number(own.said) - Number(now.answer)) <= 0.1
      : own.said === now.answer;
    element.dataset.right = String(isRight);
    if (bar.parentElement) bar.parentElement.style.visibility = isNumber ? "hidden" : "visible";
    bar.style.width = `${100 * (own.probability ?? 0)}%`;
    sure.textContent = own.probability === undefined ? "" : percent(own.probability);
  }

  return () => {
    end();
    watch.stop();
  };
}

function rowOf(name: ColumnName, title: string): Row {
  const said = h("b");
  const bar = h("i");
  const sure = h("small");
  const element = h(
    "div",
    { "data-column": name },
    keyOf(name, title),
    said,
    h("span", { class: "bar" }, bar),
    sure,
  );
  bar.style.background = "currentColor";
  return { element, said, bar, sure };
}

/** Steps as words; of a long sequence both ends. */
function tokens({ reads }: AnswersAnswer, more: (count: number) => string): HTMLElement[] {
  const token = (word: string) => h("span", {}, word);
  if (reads.length <= 2 * ENDS + 2) return reads.map(token);
  const left = reads.length - 2 * ENDS;
  return [
    ...reads.slice(0, ENDS).map(token),
    h("em", {}, more(left)),
    ...reads.slice(-ENDS).map(token),
  ];
}
