/** The short benchmark, a round at a time between two steps. */
import { h, on } from "../../../page/dom.ts";
import type { MachineContext } from "./context.ts";

/** The first is for compiling. */
const ROUNDS = 10;

export function benchSection({ section, words, remote }: MachineContext): void {
  const { bench: own } = words;
  const body = section({ title: own.title, text: own.text });
  const button = h("button", { type: "button", "data-machine": "bench" }, own.run);
  const said = h("p", { class: "quiet", role: "status" });
  const names = Object.keys(own.cases) as (keyof typeof own.cases)[];
  const cells = new Map(
    names.map((name) => [
      name,
      [h("td", { class: "number" }, "–"), h("td", { class: "number" }, "–")] as const,
    ]),
  );
  const head = [own.what, own.result, own.spread].map((text) => h("th", { scope: "col" }, text));
  const table = h(
    "table",
    { class: "facts" },
    h("thead", {}, h("tr", {}, ...head)),
    h(
      "tbody",
      {},
      ...names.map((name) =>
        h(
          "tr",
          { "data-case": name },
          h("th", { scope: "row" }, own.cases[name]),
          ...(cells.get(name) ?? []),
        ),
      ),
    ),
  );
  body.append(
    button,
    said,
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": own.title }, table),
  );
  on(button, "click", () => void run());

  async function run(): Promise<void> {
    button.disabled = true;
    said.textContent = own.running;
    try {
      for (const name of names) {
        const values: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const { value } = await remote.ask("bench", { name });
          if (round > 0) values.push(value);
        }
        const { median, spread } = spreadOf(values);
        const [result, around] = cells.get(name) ?? [];
        if (result) result.textContent = `${three(median)} ${own.units[name]}`;
        if (around) around.textContent = three(spread);
      }
      said.textContent = "";
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      button.disabled = false;
    }
  }
}

/** The median, and half of what lies between the quarters. */
function spreadOf(values: readonly number[]): { readonly median: number; readonly spread: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / 2 };
}

function three(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
