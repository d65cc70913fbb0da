/** The plan as a table: a row a kernel, that of the timeline's picked one marked. */
import { h, on } from "../../../page/dom.ts";
import type { MachineContext, Timeline } from "./context.ts";
import { bytes, ms, percent } from "./format.ts";
import { KINDS, kindOf } from "./kinds.ts";

interface Row {
  readonly element: HTMLElement;
  readonly time: HTMLElement;
  readonly share: HTMLElement;
  readonly bar: HTMLElement;
}

export function planSection({ section, words }: MachineContext, onPick: (kernel: number) => void) {
  const { plan: own } = words;
  const body = section({ title: own.title, text: own.text, isWide: true });
  const text = (words: string) => h("th", { scope: "col" }, words);
  const number = (words: string) => h("th", { scope: "col", class: "number" }, words);
  const head = [
    number(own.index),
    text(own.computes),
    number(own.fused),
    text(own.kernel),
    ...[own.time, own.share, own.bytes].map(number),
    text(own.why),
  ];
  const rows = h("tbody");
  const table = h(
    "table",
    { class: "facts machine-plan" },
    h("thead", {}, h("tr", {}, ...head)),
    rows,
  );
  body.append(
    h(
      "div",
      { class: "scroll machine-scroll", tabindex: "0", role: "group", "aria-label": own.title },
      table,
    ),
  );
  let made: Row[] = [];
  let key = "";
  let marked: HTMLElement | undefined;

  function make({ kernels }: Timeline): void {
    made = kernels.map((kernel, i) => {
      const { label, ops, runs } = kernel;
      const bar = h("i", { style: `background:var(--${KINDS[kindOf(kernel)]})` });
      const [time, share] = [h("td", { class: "number" }), h("span")];
      const times = runs === 1 ? "" : ` ${own.runs(runs)}`;
      const element = h(
        "tr",
        {},
        h("td", { class: "number" }, String(i + 1)),
        h("th", { scope: "row" }, `${label}${times}`),
        h("td", { class: "number" }, ops.length > 1 ? String(ops.length) : ""),
        h("td", {}, h("code", {}, kernel.kernel)),
        time,
        h("td", { class: "machine-share" }, bar, share),
        h("td", { class: "number" }, bytes(kernel.bytes * runs)),
        h("td", { class: "machine-why" }, kernel.why),
      );
      on(element, "pointerenter", () => onPick(i));
      return { element, time, share, bar };
    });
    rows.replaceChildren(...made.map(({ element }) => element));
  }

  return {
    show(timeline: Timeline): void {
      const now = timeline.kernels.map(({ label, kernel }) => `${label} ${kernel}`).join("\n");
      if (now !== key) make(timeline);
      key = now;
      const most = Math.max(...timeline.kernels.map(({ elapsedMs }) => elapsedMs), 1e-9);
      timeline.kernels.forEach(({ elapsedMs }, i) => {
        const row = made[i];
        if (row === undefined) return;
        row.time.textContent = ms(elapsedMs);
        row.share.textContent = `${percent(elapsedMs / (timeline.elapsedMs || 1))} %`;
        row.bar.style.width = `${(100 * elapsedMs) / most}%`;
      });
    },
    mark(kernel: number): void {
      marked?.removeAttribute("data-picked");
      marked = made[kernel]?.element;
      marked?.setAttribute("data-picked", "");
    },
  };
}
