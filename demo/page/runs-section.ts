/** The table of runs that were kept, each with a switch that draws its curves beside this run's. */

import type { History } from "../history.ts";
import { type PanelName, panelSettings } from "../panels.ts";
import { type AnyValues, writeQuery } from "../settings.ts";
import type { CommonWords } from "../words/en.ts";
import type { PanelWords } from "../words/language.ts";
import { h, on } from "./dom.ts";
import { dropRun, type KeptRun, keepRun, keptRuns } from "./runs.ts";

export interface RunsOptions {
  readonly panel: PanelName;
  readonly words: CommonWords;
  readonly panelWords: PanelWords;
  /** Called with those to be drawn. */
  onShown(runs: readonly KeptRun[]): void;
}

export class RunsSection {
  readonly element = h("div", { class: "runs" });
  readonly #options: RunsOptions;
  /** Those of earlier visits are there. */
  readonly #loaded: Promise<void>;
  #runs: KeptRun[] = [];
  readonly #shown = new Set<KeptRun>();

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#draw();
    this.#loaded = keptRuns(options.panel).then((runs) => {
      this.#runs = runs;
      this.#draw();
    });
  }

  async keep(settings: AnyValues, history: History): Promise<void> {
    await this.#loaded;
    this.#runs = await keepRun(this.#options.panel, this.#runs, settings, history);
    const [newest] = this.#runs;
    if (newest !== undefined) this.#shown.add(newest);
    this.#changed();
  }

  #changed(): void {
    for (const run of this.#shown) if (!this.#runs.includes(run)) this.#shown.delete(run);
    this.#draw();
    this.#options.onShown(this.#runs.filter((run) => this.#shown.has(run)));
  }

  #draw(): void {
    const { words } = this.#options;
    if (this.#runs.length === 0) {
      this.element.replaceChildren(h("p", { class: "quiet" }, words.noRuns));
      return;
    }
    const head = ["", words.runSettings, words.runSteps, words.runShown, ""].map((text) =>
      h("th", { scope: "col" }, text),
    );
    this.element.replaceChildren(
      h(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": words.runs },
        h(
          "table",
          { class: "facts" },
          h("thead", {}, h("tr", {}, ...head)),
          h("tbody", {}, ...this.#runs.map((run) => this.#row(run))),
        ),
      ),
    );
  }

  #row(run: KeptRun): HTMLElement {
    const { panel, words } = this.#options;
    const shown = h("input", {
      type: "checkbox",
      checked: this.#shown.has(run),
      "aria-label": `${words.runShown}: ${run.title}`,
    });
    on(shown, "change", () => {
      if (shown.checked) this.#shown.add(run);
      else this.#shown.delete(run);
      this.#changed();
    });
    const remove = h(
      "button",
      { type: "button", class: "quiet", "aria-label": `${words.runDelete}: ${run.title}` },
      "×",
    );
    on(
      remove,
      "click",
      () =>
        void dropRun(panel, this.#runs, run).then((runs) => {
          this.#runs = runs;
          this.#changed();
        }),
    );
    const settings = writeQuery(panelSettings[panel], run.settings)
      .map(([name, value]) => this.#said(name, value))
      .join(", ");
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, run.title),
      h("td", {}, settings),
      h("td", {}, String(run.steps)),
      h("td", {}, shown),
      h("td", {}, remove),
    );
  }

  #said(name: string, value: string): string {
    const { label = name, choices } =
      name === "seed"
        ? { label: this.#options.words.seed }
        : (this.#options.panelWords.settings[name] ?? {});
    const said = choices?.[value] ?? value;
    return `${label} ${said.length > 30 ? `${said.slice(0, 29)}…` : said}`;
  }
}
