/**
 * What every panel stands in: title, run bar, settings, curves, the panel's own sections, runs, files. It owns the worker
 * that trains, and tells it what the visitor does.
 *
 * For programs, the frame has data-panel, data-state, data-step (the last that was told), data-kept (the last that a reload
 * goes on from) and data-loss, the first curve's first value.
 */
import { History, type Point } from "../history.ts";
import { panelSettings } from "../panels.ts";
import type { Begin, Diverged, Event, Failure, OpenedDevice, RunState } from "../protocol.ts";
import { checked, type Setting, type Settings, type Value, withSeed } from "../settings.ts";
import type { CommonWords } from "../words/en.ts";
import type { PanelWords } from "../words/language.ts";
import { addressOf, type Place, writeAddress } from "./address.ts";
import { Chart } from "./chart.ts";
import { codeOf } from "./code.ts";
import { controls } from "./controls.ts";
import { h, on } from "./dom.ts";
import { FilesSection } from "./files-section.ts";
import type { AnyPanelPage, PanelContext, SectionOptions } from "./panel.ts";
import { Remote } from "./remote.ts";
import { RunBar } from "./run-bar.ts";
import { RunsSection } from "./runs-section.ts";
import { trust } from "./trust.ts";

export interface FrameOptions {
  readonly place: Place;
  readonly page: AnyPanelPage;
  readonly words: CommonWords;
  readonly panelWords: PanelWords;
  onDevice(device: OpenedDevice): void;
  onNoDevice(): void;
  /** Where the visitor is now: settings and pace change. */
  onPlace(place: Place): void;
}

export class Frame {
  readonly #options: FrameOptions;
  readonly #remote = new Remote();
  readonly element: HTMLElement;
  readonly #bar: RunBar;
  readonly #message = h("div", { class: "message", role: "alert", hidden: true });
  readonly #background = h("input", { type: "checkbox", "data-run": "background" });
  readonly #sections = h("div", { class: "sections" });
  readonly #charts: Chart[] = [];
  readonly #runs: RunsSection;
  readonly #files: FilesSection;
  readonly #noCurve: HTMLElement;
  readonly #history = new History();
  readonly #listeners: ((points: readonly Point[]) => void)[] = [];
  #place: Place;
  #controls: HTMLElement | undefined;
  #step = 0;
  /** Whether the visitor wants it to train: the worker comes to it a little later. */
  #isToTrain = false;
  /** Whether it was to train when it was left. */
  #isToGoOn = false;

  constructor(options: FrameOptions) {
    const { place, page, words, panelWords } = options;
    const { panel } = place;
    this.#options = options;
    this.#place = place;
    this.#bar = new RunBar({
      words,
      panelWords,
      figures: page.figures,
      pace: place.pace,
      onPlay: () => this.#run("play"),
      onPause: () => this.#run("pause"),
      onStep: () => this.#run("step"),
      onReset: () => void this.#anew(),
      onPace: (pace) => {
        this.#remote.setPace(pace);
        this.#moved({ ...this.#place, pace });
      },
    });
    this.#runs = new RunsSection({
      panel,
      words,
      panelWords,
      onShown: (runs) => {
        for (const chart of this.#charts) chart.compare(runs);
      },
    });
    this.#noCurve = h("p", { class: "empty" }, words.noCurve);
    this.#files = new FilesSection(panel, this.#remote, words);
    this.element = h(
      "article",
      { "data-panel": panel, "data-state": "loading", "data-step": 0 },
      h("h1", { id: "title", tabindex: "-1" }, panelWords.title),
      h("p", { class: "lead" }, panelWords.lead),
      h("div", { class: "card run" }, this.#bar.element, this.#message, this.#settings()),
      this.#sections,
    );
    page.mount(this.#context() as never);
    this.#addCommon();
    this.#remote.listen((event) => this.#take(event));
    this.#open("kept");
  }

  get place(): Place {
    return this.#place;
  }

  /** The panel is seen: what was training goes on. */
  show(): void {
    writeAddress(this.#place);
    if (this.#isToGoOn) this.#run("play");
    this.#isToGoOn = false;
  }

  /** The panel is not seen any more: it pauses, and is kept, unless the visitor wants it to train on. */
  hide(): void {
    if (this.#background.checked) return;
    this.#isToGoOn = this.#isToTrain;
    this.#run("pause");
  }

  /** All numbers so far. */
  get points(): readonly Point[] {
    return this.#history.points;
  }

  /** Destroys the GPU device that it trains on. */
  lose(): void {
    this.#remote.tell("lose");
  }

  /** Settles in a pause, when what is on screen is drawn. */
  rest(): Promise<void> {
    return this.#remote.rest();
  }

  /** Whatever becomes of the page, a reload goes on from here. */
  keep(): void {
    this.#remote.tell("keep");
  }

  #run(command: "play" | "pause" | "step"): void {
    this.#isToTrain = command === "play";
    this.#remote.tell(command);
  }

  #open(begin: Begin): void {
    const { panel, settings, device, pace } = this.#place;
    this.#message.hidden = true;
    this.#bar.reset();
    this.#step = 0;
    this.#isToTrain = false;
    // The worker says so as well, when it comes to it; what is pressed until then would be lost.
    this.#showState("loading");
    this.#remote.open({ panel, settings, device, pace, begin });
  }

  /** Begins anew with the settings as they are; what was trained so far is kept to compare with. */
  async #anew(settings = this.#place.settings, begin: Begin = "anew"): Promise<void> {
    if (this.#history.points.length > 1) await this.#runs.keep(this.#place.settings, this.#history);
    this.#moved({ ...this.#place, settings });
    this.#open(begin);
  }

  /** What is no number any more is undone: from where it was last well, more carefully. */
  async #goBack(back: number, rate: number | undefined): Promise<void> {
    const { settings } = this.#place;
    await this.#anew(rate === undefined ? settings : { ...settings, learningRate: rate }, "back");
    this.#showControls();
    this.#say(this.#options.words.wentBack(back), "note");
  }

  /** A tenth of the learning rate, where the panel has one. */
  get #lowerRate(): number | undefined {
    const { panel, settings } = this.#place;
    const setting: Setting | undefined = (panelSettings[panel] as Settings).learningRate;
    const lower = setting && checked(setting, Number(settings.learningRate) / 10);
    return typeof lower === "number" ? lower : undefined;
  }

  #set(given: Readonly<Record<string, Value>>): void {
    const all = withSeed(panelSettings[this.#place.panel]);
    const changed = Object.entries(given).flatMap(([name, one]) => {
      const setting = all[name];
      const value = setting && checked(setting, one);
      if (value === undefined || this.#place.settings[name] === value) return [];
      return [{ name, setting, value }];
    });
    if (changed.length === 0) return;
    const values = Object.fromEntries(changed.map(({ name, value }) => [name, value]));
    const settings = { ...this.#place.settings, ...values };
    trust(all, values);
    if (changed.some(({ setting }) => setting?.live !== true)) {
      void this.#anew(settings);
      return;
    }
    this.#moved({ ...this.#place, settings });
    for (const { name, value } of changed) this.#remote.set(name, value);
  }

  /** What the panel sets its controls show. */
  #setFromPanel(values: Readonly<Record<string, Value>>): void {
    this.#set(values);
    this.#showControls();
  }

  #showControls(): void {
    const now = this.#controlsNow();
    this.#controls?.replaceWith(now);
    this.#controls = now;
  }

  #moved(place: Place): void {
    this.#place = place;
    writeAddress(place);
    this.#options.onPlace(place);
  }

  #take(event: Event): void {
    switch (event.kind) {
      case "opened":
        this.#options.onDevice(event.device);
        this.#files.offer(event.networks);
        this.#history.restart(event.points);
        this.#showPoints(event.points, event.step, undefined);
        if (event.points.length === 0) for (const chart of this.#charts) chart.update();
        break;
      case "state":
        this.#showState(event.state);
        break;
      case "progress":
        this.#history.add(event.points);
        this.#showPoints(event.points, event.points.at(-1)?.step ?? 0, event.stepsPerSecond);
        break;
      case "kept":
        this.element.dataset.kept = String(event.step);
        if (this.element.dataset.state === "paused") this.#bar.showKept(event.step);
        break;
      case "recovered": {
        const { from, to, step, resumedFrom, elapsedMs } = event.change;
        const text = this.#options.words.recovered(
          from,
          to,
          step,
          resumedFrom,
          Math.round(elapsedMs),
        );
        this.#say(text, "note");
        break;
      }
      case "failed":
        if (event.failure.name === "DeviceUnavailableError") this.#options.onNoDevice();
        if (event.diverged === undefined) this.#say(this.#explain(event.failure), "error");
        else this.#sayDiverged(event.diverged);
        break;
      // Remote's own.
      case "picture":
      case "answer":
      case "refused":
        break;
      default:
        event satisfies never;
    }
  }

  #showState(state: RunState): void {
    if (state === "failed") this.#isToTrain = false;
    this.element.dataset.state = state;
    this.#bar.showState(state, this.#step);
  }

  #showPoints(points: readonly Point[], step: number, perSecond: number | undefined): void {
    const { page } = this.#options;
    this.#step = step;
    this.#bar.showStep(step, perSecond);
    for (const { value, format } of page.figures) {
      const last = this.#history.last(value);
      if (last !== undefined) this.#bar.showFigure(value, format(last));
    }
    this.element.dataset.step = String(step);
    this.#noCurve.hidden = this.#history.points.length > 0;
    const [first = ""] = page.curves[0]?.values ?? [];
    this.element.dataset.loss = String(this.#history.last(first) ?? "");
    if (points.length === 0) return;
    for (const chart of this.#charts) chart.update();
    for (const listener of this.#listeners) listener(points);
  }

  #explain({ message }: Failure): string {
    return `${this.#options.words.failed} ${message}`;
  }

  #sayDiverged({ step, back }: Diverged): void {
    const { words } = this.#options;
    const rate = this.#lowerRate;
    const undo = h("button", { type: "button", "data-run": "back" }, words.goBack(back, rate));
    on(undo, "click", () => void this.#goBack(back, rate));
    this.#say(words.diverged(step), "error", undo);
  }

  #say(text: string, kind: "note" | "error", ...acts: HTMLElement[]): void {
    this.#message.replaceChildren(text, ...acts);
    this.#message.dataset.kind = kind;
    this.#message.hidden = false;
  }

  #settings(): HTMLElement {
    const { words } = this.#options;
    this.#controls = this.#controlsNow();
    return h(
      "details",
      { class: "settings" },
      h("summary", {}, words.settings),
      this.#controls,
      h("small", {}, words.restarts),
      h("label", { class: "background" }, this.#background, ` ${words.background}`),
    );
  }

  #controlsNow(): HTMLElement {
    const { words, panelWords } = this.#options;
    const { panel, settings: values } = this.#place;
    return controls({
      settings: withSeed(panelSettings[panel]),
      values,
      words: { ...panelWords.settings, seed: { label: words.seed, hint: words.seedHint } },
      onChange: (name, value) => this.#set({ [name]: value }),
    });
  }

  #addCurves(isWide: boolean): void {
    const { page, words, panelWords } = this.#options;
    const body = this.#section({ title: words.curves, text: "", isWide });
    body.classList.add("curves");
    body.append(this.#noCurve);
    for (const curve of page.curves) {
      const host = h("div", { class: "chart-host" });
      body.append(host);
      this.#charts.push(
        new Chart(host, curve, panelWords, this.#history, isWide ? "wide" : "half"),
      );
    }
  }

  #addCommon(): void {
    const { words } = this.#options;
    const runs = this.#section({ title: words.runs, text: "" });
    const copied = h("p", { class: "quiet", role: "status" });
    const link = h("button", { type: "button", "data-run": "link" }, words.link);
    on(link, "click", () => void this.#copyLink(copied));
    runs.append(this.#runs.element, h("div", { class: "buttons" }, link), copied);
    const files = this.#section({ title: words.files, text: words.filesLead });
    files.append(this.#files.element);
  }

  /** Where nothing may be copied, as on a page that is not secure, the address is shown to be copied by hand. */
  async #copyLink(told: HTMLElement): Promise<void> {
    const { href } = new URL(addressOf(this.#place), location.href);
    try {
      await navigator.clipboard.writeText(href);
      told.textContent = this.#options.words.linkCopied;
    } catch {
      told.textContent = href;
    }
  }

  #section({ title, text, code, isWide = false }: SectionOptions): HTMLElement {
    const body = h("div", { class: "body" });
    const id = `section-${this.#sections.childElementCount}`;
    this.#sections.append(
      h(
        "section",
        { class: isWide ? "card wide" : "card", "aria-labelledby": id },
        h("h2", { id }, title),
        text !== "" && h("p", { class: "text" }, text),
        body,
        code && codeOf(code, this.#options.words),
      ),
    );
    return body;
  }

  #context(): PanelContext<never, never, PanelWords> {
    const { words, panelWords, place } = this.#options;
    return {
      host: this.#sections,
      language: place.language,
      words: panelWords,
      common: words,
      remote: this.#remote as never,
      settings: () => this.#place.settings as never,
      set: (name, value) => this.#setFromPanel({ [name]: value }),
      setAll: (values) => this.#setFromPanel(values),
      section: (options) => this.#section(options),
      curves: ({ isWide = false } = {}) => this.#addCurves(isWide),
      history: this.#history,
      onProgress: (listener) => this.#listeners.push(listener),
    };
  }
}
