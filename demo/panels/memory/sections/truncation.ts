/** What a step costs by how far back the gradient goes, measured in this tab; and a window that cannot see. */
import { h, on } from "../../../page/dom.ts";
import { COST_STEPS, COST_WINDOWS } from "../cost-windows.ts";
import type { CostAnswer } from "../pictures.ts";
import { bars } from "./bars.ts";
import type { MemoryContext } from "./context.ts";
import { repeated } from "./repeated.ts";

/** Where a word lies beyond windows of 3 and 5 steps, and those of 20 reach it. */
const BLIND = { lag: 15, window: "5", gates: "plain", task: "recall" } as const;

export function truncationSection(context: MemoryContext): () => void {
  const { words, remote } = context;
  const { truncation } = words;
  const body = context.section({ title: truncation.title, text: truncation.text });
  const costs = bars();
  const unit = h("p", { class: "legend" }, truncation.unit);
  const measure = h("button", { type: "button", "data-do": "cost" }, truncation.measure);
  const blind = h("button", { type: "button", "data-do": "blind" }, truncation.show);
  body.append(costs.element, unit, h("div", { class: "buttons" }, measure, blind));

  function draw(rows: readonly { window: number; microsecondsPerStep?: number | undefined }[]) {
    costs.show(
      rows.map(({ window, microsecondsPerStep: value }) => ({
        name: window === COST_STEPS ? truncation.whole : truncation.steps(window),
        value,
        written: value === undefined ? "–" : String(Number(value.toPrecision(2))),
      })),
    );
  }
  function show({ rows, isDone }: CostAnswer): void {
    draw(rows);
    measure.textContent = isDone ? truncation.measure : truncation.measuring;
    measure.disabled = isDone;
    body.dataset.done = String(isDone);
  }

  draw(COST_WINDOWS.map((window) => ({ window })));
  const measuring = repeated(
    () => remote.ask("cost", null),
    (answer) => {
      show(answer);
      return !answer.isDone;
    },
  );
  const ends = [
    on(measure, "click", () => measuring.start()),
    on(blind, "click", () => context.setAll(BLIND)),
    // Another training measures anew.
    remote.listen((event) => {
      if (event.kind !== "opened") return;
      measure.disabled = false;
      measure.textContent = truncation.measure;
    }),
  ];
  return () => {
    measuring.stop();
    for (const end of ends) end();
  };
}
