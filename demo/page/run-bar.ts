/** Start, pause, one step, begin anew, pace; the step, and the numbers that a panel shows beside it. */
import { PACES, type Pace, type RunState } from "../protocol.ts";
import type { CommonWords } from "../words/en.ts";
import type { PanelWords } from "../words/language.ts";
import { h, on } from "./dom.ts";
import type { Figure } from "./panel.ts";

export interface RunBarOptions {
  readonly words: CommonWords;
  readonly panelWords: PanelWords;
  readonly figures: readonly Figure[];
  readonly pace: Pace;
  onPlay(): void;
  onPause(): void;
  onStep(): void;
  onReset(): void;
  onPace(pace: Pace): void;
}

export class RunBar {
  readonly element: HTMLElement;
  readonly #options: RunBarOptions;
  readonly #play: HTMLButtonElement;
  readonly #others: readonly HTMLButtonElement[];
  readonly #state: HTMLElement;
  readonly #shown = new Map<string, HTMLElement>();
  #isRunning = false;
  #hasBegun = false;

  constructor(options: RunBarOptions) {
    this.#options = options;
    const { words, panelWords, figures, pace } = options;
    this.#play = this.#button("play", words.start, () =>
      this.#isRunning ? options.onPause() : options.onPlay(),
    );
    this.#play.classList.add("main");
    const step = this.#button("step", words.step, options.onStep);
    const reset = this.#button("reset", words.reset, options.onReset);
    this.#others = [step, reset];
    this.#state = h("p", { class: "state", role: "status" });
    const numbers = [
      this.#figure("step", words.steps),
      ...figures.map(({ value }) => this.#figure(value, panelWords.values[value] ?? value)),
      this.#figure("speed", words.stepsPerSecond),
    ];
    this.element = h(
      "div",
      { class: "run-bar" },
      h("div", { class: "buttons" }, this.#play, step, reset, this.#paces(pace)),
      h("dl", { class: "figures" }, ...numbers),
      this.#state,
    );
  }

  showState(state: RunState, step: number): void {
    const { words } = this.#options;
    this.#isRunning = state === "running";
    this.#hasBegun ||= this.#isRunning || step > 0;
    this.#play.textContent = this.#isRunning
      ? words.pause
      : this.#hasBegun
        ? words.resume
        : words.start;
    const isUsable = state === "paused" || state === "running";
    this.#play.disabled = !isUsable;
    for (const button of this.#others) button.disabled = state === "loading";
    this.#state.textContent = state === "paused" && !this.#hasBegun ? "" : words.states[state];
  }

  /** As of a training that has not begun. */
  reset(): void {
    this.#hasBegun = false;
    for (const shown of this.#shown.values()) shown.textContent = "–";
  }

  showStep(step: number, perSecond: number | undefined): void {
    this.#write("step", String(step));
    if (perSecond !== undefined)
      this.#write("speed", perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0));
  }

  showFigure(value: string, text: string): void {
    this.#write(value, text);
  }

  /** That a pause outlives a reload. */
  showKept(step: number): void {
    const { states, kept } = this.#options.words;
    this.#state.textContent = `${states.paused}, ${kept(step)}`;
  }

  #write(name: string, text: string): void {
    const shown = this.#shown.get(name);
    if (shown !== undefined && shown.textContent !== text) shown.textContent = text;
  }

  #button(name: string, text: string, act: () => void): HTMLButtonElement {
    const button = h("button", { type: "button", "data-run": name, disabled: true }, text);
    on(button, "click", act);
    return button;
  }

  #figure(name: string, label: string): HTMLElement {
    const value = h("dd", { "data-figure": name }, "–");
    this.#shown.set(name, value);
    return h("div", {}, h("dt", {}, label), value);
  }

  #paces(pace: Pace): HTMLElement {
    const { words, onPace } = this.#options;
    const select = h(
      "select",
      { "data-run": "pace", "aria-label": words.pace },
      ...PACES.map((one) => h("option", { value: one, selected: one === pace }, words.paces[one])),
    );
    on(select, "change", () => {
      const chosen = PACES.find((one) => one === select.value);
      if (chosen !== undefined) onPace(chosen);
    });
    return h("label", { class: "pace" }, `${words.pace} `, select);
  }
}
