/** Controls for declared settings: sliders, choices, switches and fields, all of them the browser's own. */
import type { AnyValues, Setting, Settings, Value } from "../settings.ts";
import type { SettingWords } from "../words/language.ts";
import { h, newId, on } from "./dom.ts";

export interface ControlsOptions {
  readonly settings: Settings;
  readonly values: AnyValues;
  readonly words: Readonly<Record<string, SettingWords>>;
  onChange(name: string, value: Value): void;
}

/** One control under the other; a setting that its panel has a field of its own for has none here. */
export function controls({ settings, values, words, onChange }: ControlsOptions): HTMLElement {
  const fields = Object.entries(settings).map(([name, setting]) => {
    const value = values[name];
    if (value === undefined || setting.hidden === true) return undefined;
    const said = words[name] ?? { label: name };
    return field(name, setting, value, said, (next) => onChange(name, next));
  });
  return h("div", { class: "controls" }, ...fields);
}

type Changed = (value: Value) => void;

function field(
  name: string,
  setting: Setting,
  value: Value,
  words: SettingWords,
  changed: Changed,
): HTMLElement {
  const id = newId("setting");
  const hintId = words.hint === undefined ? undefined : `${id}-hint`;
  const own = { id, "data-setting": name, "aria-describedby": hintId };
  const { input, shown } = inputFor(setting, value, words, own, changed);
  return h(
    "div",
    { class: `field ${setting.kind}` },
    h("label", { for: id }, words.label, shown ?? ""),
    input,
    words.hint !== undefined && h("small", { id: hintId }, words.hint),
  );
}

type Own = Readonly<Record<string, string | undefined>>;

function inputFor(
  setting: Setting,
  value: Value,
  words: SettingWords,
  own: Own,
  changed: Changed,
): { readonly input: HTMLElement; readonly shown?: HTMLElement } {
  switch (setting.kind) {
    case "number": {
      const { min, max, step = 1, scale } = setting;
      const isLog = scale === "log";
      const place = (number: number) =>
        isLog ? (100 * Math.log(number / min)) / Math.log(max / min) : number;
      const number = (at: number) =>
        isLog ? Number((min * (max / min) ** (at / 100)).toPrecision(2)) : at;
      const range = isLog ? { min: 0, max: 100, step: 1 } : { min, max, step };
      const input = h("input", { type: "range", ...range, ...own, value: place(Number(value)) });
      const shown = h("output", { for: own.id }, String(value));
      const write = (text: string) => {
        shown.textContent = text;
        input.setAttribute("aria-valuetext", text);
      };
      write(String(value));
      on(input, "input", () => {
        write(String(number(input.valueAsNumber)));
        if (setting.live === true) changed(number(input.valueAsNumber));
      });
      on(input, "change", () => changed(number(input.valueAsNumber)));
      return { input, shown };
    }
    case "choice": {
      const options = setting.of.map((one) =>
        h("option", { value: one, selected: one === value }, words.choices?.[one] ?? one),
      );
      const input = h("select", own, ...options);
      on(input, "change", () => changed(input.value));
      return { input };
    }
    case "flag": {
      const input = h("input", { type: "checkbox", ...own, checked: value === true });
      on(input, "change", () => changed(input.checked));
      return { input };
    }
    case "text": {
      const input = h("textarea", {
        ...own,
        rows: 4,
        maxlength: setting.maxLength,
        spellcheck: "false",
      });
      input.value = String(value);
      on(input, "change", () => changed(input.value));
      return { input };
    }
    default:
      return setting satisfies never;
  }
}
