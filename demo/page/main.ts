/**
 * The page: navigation between panels, each a training in a worker of its own. A panel that is left pauses, and goes on
 * when it is seen again, unless it is to train on meanwhile.
 *
 * For programs, the body has data-device and data-why; data-device is "none" where none could be opened. `gradgpuDemo` has
 * `points()`, all numbers of the panel that is shown, `lose()`, which destroys its GPU device, and `rest()`, a promise that
 * settles in a pause, when what is on screen is drawn.
 */
import { type PanelName, panelNames, panelSettings } from "../panels.ts";
import type { OpenedDevice } from "../protocol.ts";
import { defaultsOf } from "../settings.ts";
import type { CommonWords } from "../words/en.ts";
import type { Language } from "../words/language.ts";
import { addressOf, type Place, readAddress } from "./address.ts";
import { h, on } from "./dom.ts";
import { Frame } from "./frame.ts";
import { useIsolation } from "./isolation.ts";
import { panelFiles } from "./pages.ts";
import { themeButton, useTheme } from "./theme.ts";

const commonWords: Readonly<Record<Language, () => Promise<CommonWords>>> = {
  en: async () => (await import("../words/en.ts")).en,
  ko: async () => (await import("../words/ko.ts")).ko,
};

class Page {
  readonly #words: CommonWords;
  readonly #start: Place;
  readonly #main = h("main", { id: "main" });
  readonly #device: HTMLElement;
  readonly #language: HTMLAnchorElement;
  readonly #links = new Map<PanelName, HTMLAnchorElement>();
  readonly #frames = new Map<PanelName, Frame>();
  #shown: Frame | undefined;

  constructor(words: CommonWords, place: Place, names: ReadonlyMap<PanelName, string>) {
    this.#words = words;
    this.#start = place;
    this.#device = h("p", { id: "device", role: "status" }, words.opening);
    const other = place.language === "en" ? "ko" : "en";
    this.#language = h("a", { lang: other, hreflang: other, href: "?" }, words.language);
    for (const [panel, name] of names) {
      const link = h("a", { href: addressOf(this.#first(panel)), "data-link": panel }, name);
      on(link, "click", (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        void this.#go(panel);
      });
      this.#links.set(panel, link);
    }
    const tools = h("div", { class: "tools" }, this.#language, themeButton(words));
    document.body.replaceChildren(
      h("a", { class: "skip", href: "#title" }, words.skip),
      h(
        "header",
        {},
        h("a", { class: "brand", href: "?" }, "gradgpu"),
        h("nav", { "aria-label": words.panels }, ...this.#links.values()),
        tools,
      ),
      this.#main,
      h("footer", {}, this.#device, h("p", {}, `${words.about} ${words.source}`)),
    );
    addEventListener("popstate", () => void this.show(readAddress().panel));
    addEventListener("visibilitychange", () => this.#shown?.keep());
    const forPrograms = {
      points: () => this.#shown?.points,
      lose: () => this.#shown?.lose(),
      rest: () => this.#shown?.rest(),
    };
    Object.assign(globalThis, { gradgpuDemo: forPrograms });
  }

  /** Opens a panel, or goes on with it. */
  async show(panel: PanelName): Promise<void> {
    const frame = this.#frames.get(panel) ?? (await this.#open(panel));
    if (frame === this.#shown) return;
    this.#shown?.hide();
    this.#shown = frame;
    this.#main.replaceChildren(frame.element);
    frame.show();
    for (const [name, link] of this.#links) {
      if (name === panel) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#moved(frame.place);
  }

  async #go(panel: PanelName): Promise<void> {
    const place = this.#frames.get(panel)?.place ?? this.#first(panel);
    history.pushState(null, "", addressOf(place));
    await this.show(panel);
    scrollTo({ top: 0 });
  }

  /** Where a panel begins: as the address says if it is of this panel, else with what is usual. */
  #first(panel: PanelName): Place {
    if (panel === this.#start.panel) return this.#start;
    return { ...this.#start, panel, settings: defaultsOf(panelSettings[panel]) };
  }

  async #open(panel: PanelName): Promise<Frame> {
    const place = this.#first(panel);
    const { page, words } = panelFiles[panel];
    const [opened, panelWords] = await Promise.all([page(), words[place.language]()]);
    const frame = new Frame({
      place,
      page: opened,
      words: this.#words,
      panelWords,
      onDevice: (device) => this.#showDevice(device),
      onNoDevice: () => this.#showNoDevice(),
      onPlace: (now) => this.#moved(now),
    });
    this.#frames.set(panel, frame);
    return frame;
  }

  #moved(place: Place): void {
    const language = place.language === "en" ? "ko" : "en";
    this.#language.href = addressOf({ ...place, language });
  }

  #showDevice({ device, description, why }: OpenedDevice): void {
    const words = this.#words;
    this.#device.textContent = words.device(words.devices[device], description);
    document.body.dataset.device = device;
    document.body.dataset.why = why;
  }

  #showNoDevice(): void {
    if (document.body.dataset.device !== undefined) return;
    this.#device.textContent = this.#words.noDevice;
    document.body.dataset.device = "none";
  }
}

useTheme();
if (!(await useIsolation())) {
  const place = readAddress();
  const { language, panel } = place;
  document.documentElement.lang = language;
  const [words, ...named] = await Promise.all([
    commonWords[language](),
    ...panelNames.map(
      async (name) => [name, (await panelFiles[name].words[language]()).name] as const,
    ),
  ]);
  document.title = words.title;
  await new Page(words, place, new Map(named)).show(panel);
}
