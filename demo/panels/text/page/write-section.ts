/**
 * A beginning is typed, and the network goes on. The temperature divides the logits that are there, so that moving it
 * shows at once how sure the network would have been, and from where on it would have written something else.
 */
import { h, newId, on } from "../../../page/dom.ts";
import { TOP, type Written } from "../pictures.ts";
import { drawn, SAMPLED, softmaxOf } from "../samples.ts";
import { textSettings } from "../settings.ts";
import { ExpectedBars, percent } from "./expected.ts";
import { Letters, named } from "./letters.ts";
import type { Context } from "./samples-section.ts";

/** How long the temperature has stood still before the network writes anew. */
const STILL_MS = 350;
const { min, max } = textSettings.temperature;

export interface WriteSection {
  /** What the network has written last. */
  readonly text: () => string | undefined;
  onWritten(listener: () => void): void;
}

export function writeSection(context: Context): WriteSection {
  const { section, words, remote } = context;
  const said = words.write;
  const body = section({
    title: said.title,
    text: said.text,
    code: () => import("../snippets/write.ts?raw"),
    isWide: true,
  });
  let temperature = context.settings().temperature;
  let seed = 1;
  let written: Written | undefined;
  let characters: readonly string[] = [];
  /** The first letter that another temperature would have drawn otherwise. */
  let parts = Number.POSITIVE_INFINITY;
  const listeners: (() => void)[] = [];

  const beginning = field(
    said.beginning,
    h("input", {
      type: "text",
      maxlength: 90,
      value: said.example,
      spellcheck: "false",
      "data-text": "beginning",
    }),
  );
  const degrees = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 1,
    "data-text": "temperature",
  });
  degrees.value = String((100 * Math.log(temperature / min)) / Math.log(max / min));
  const shownDegrees = h("output", {});
  const heat = field(said.temperature, degrees, shownDegrees);
  const go = h("button", { type: "submit", "data-text": "write" }, said.go);
  const luck = h("button", { type: "button", "data-text": "luck" }, said.luck);
  const form = h(
    "form",
    { class: "write" },
    beginning,
    heat,
    h("div", { class: "buttons" }, go, luck),
  );
  const note = h("p", { class: "quiet", role: "status" });
  const bars = new ExpectedBars();
  const letters = new Letters(said.label, { describe, onPoint: showExpected }, "written");
  body.append(form, note, h("div", { class: "beside" }, letters.picture.canvas, bars.element));

  on(form, "submit", (event) => {
    event.preventDefault();
    void write();
  });
  on(luck, "click", () => {
    seed++;
    void write();
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  on(degrees, "input", () => {
    temperature = Number((min * (max / min) ** (degrees.valueAsNumber / 100)).toPrecision(2));
    context.set("temperature", temperature);
    showTemperature();
    shade();
    clearTimeout(timer);
    timer = setTimeout(() => void write(), STILL_MS);
  });
  // Anew whenever it has come further, and when there is time to read.
  remote.listen((event) => {
    if (event.kind === "opened" || (event.kind === "state" && event.state === "paused"))
      void write();
  });
  context.onProgress((points) => {
    if (points.some(({ step }) => SAMPLED.some((at) => at === step))) void write();
  });
  showTemperature();

  let asked = 0;
  async function write(): Promise<void> {
    const turn = ++asked;
    try {
      const [answer, source] = await Promise.all([
        remote.ask("write", { beginning: beginning.input.value, temperature, seed }),
        remote.ask("source", {}),
      ]);
      // A later question has its own answer.
      if (turn !== asked) return;
      written = answer;
      characters = source.characters;
    } catch {
      // Another training is being opened, which writes for itself.
      return;
    }
    const { unknown } = written;
    note.textContent = unknown.length > 0 ? said.unknown(unknown.map(named).join(" ")) : "";
    shade();
    showExpected(letters.at ?? written.given);
    for (const listener of listeners) listener();
  }

  function shade(): void {
    if (written === undefined) return;
    const { letters: all, given } = written;
    const shares = all.map((letter, t) => expectedAt(t)?.[characters.indexOf(letter)] ?? 0);
    const own = written;
    parts = all.findIndex((letter, t) => {
      if (t < given) return false;
      return characters[drawn(logitsAt(own, t), temperature, own.draws[t] ?? 0)] !== letter;
    });
    if (parts < 0) parts = Number.POSITIVE_INFINITY;
    letters.show({
      letters: all,
      given,
      shade: (t) => (t < given || t >= parts ? 0 : -(shares[t] ?? 0)),
      isFaint: (t) => t >= parts,
    });
    showExpected(letters.at ?? given);
  }

  function logitsAt({ logits, letters: all }: Written, t: number): Float32Array {
    const size = logits.length / all.length;
    return logits.subarray(t * size, (t + 1) * size);
  }

  function expectedAt(t: number): Float32Array | undefined {
    return written && softmaxOf(logitsAt(written, t), temperature);
  }

  function showExpected(t: number): void {
    const shares = expectedAt(t);
    if (shares === undefined || written === undefined) return;
    const came = written.letters[t];
    const ranked = [...shares.keys()].sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0));
    const before = written.letters
      .slice(Math.max(0, t - 12), t)
      .map(named)
      .join("");
    bars.show(
      said.after(before),
      ranked.slice(0, TOP).map((id) => ({
        character: characters[id] ?? "",
        probability: shares[id] ?? 0,
        came: characters[id] === came,
      })),
    );
  }

  function describe(t: number): string {
    const letter = written?.letters[t] ?? "";
    return said.letter(named(letter), percent(expectedAt(t)?.[characters.indexOf(letter)] ?? 0));
  }

  function showTemperature(): void {
    shownDegrees.textContent = String(temperature);
    degrees.setAttribute("aria-valuetext", shownDegrees.textContent);
  }

  return {
    text: () => written?.letters.join(""),
    onWritten: (listener) => listeners.push(listener),
  };
}

/** A labelled control. */
export function field<T extends HTMLElement>(
  label: string,
  input: T,
  shown?: HTMLElement,
): HTMLElement & { readonly input: T } {
  const id = newId("text");
  input.id = id;
  const element = h("div", { class: "field" }, h("label", { for: id }, label, shown), input);
  return Object.assign(element, { input });
}
