/** What the sections of this panel share: their context, and how a column looks wherever it is seen. */
import type { ColourName } from "../../../draw/colours.ts";
import { h } from "../../../page/dom.ts";
import type { PanelContext } from "../../../page/panel.ts";
import type { Translated } from "../../../words/language.ts";
import type { ColumnName, MemoryPictures } from "../pictures.ts";
import type { memorySettings } from "../settings.ts";
import type { en } from "../words/en.ts";

export type MemoryWords = Translated<typeof en>;
export type MemoryContext = PanelContext<MemoryPictures, typeof memorySettings, MemoryWords>;

/** In the order of the curves, whose colours they have. */
export const COLUMNS: readonly ColumnName[] = ["rnn", "gru", "lstm", "own"];
export const COLOURS: Readonly<Record<ColumnName, ColourName>> = {
  rnn: "s0",
  gru: "s1",
  lstm: "s2",
  own: "s3",
};
/** As the curves have them, beside the colour. */
export const DASHES: Readonly<Record<ColumnName, readonly number[]>> = {
  rnn: [],
  gru: [7, 4],
  lstm: [2, 3],
  own: [10, 3, 2, 3],
};

/** A line in a column's colour and its name. */
export function keyOf(name: ColumnName, text: string, isDashed = false): HTMLElement {
  const line = h("i");
  const colour = `var(--${COLOURS[name]})`;
  line.style.background = isDashed
    ? `repeating-linear-gradient(90deg, ${colour} 0 5px, transparent 5px 8px)`
    : colour;
  return h("span", {}, line, document.createTextNode(text));
}

/** 0.0000007 as "7·10⁻⁷", 0.281 as "0.28"; 0 as 0. */
export function small(value: number): string {
  if (value === 0 || value >= 0.01) return String(Number(value.toPrecision(2)));
  const [digits, exponent = ""] = value.toExponential(0).split("e");
  const raised = [...exponent].map((c) => (c === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "")));
  return `${digits}·10${raised.join("")}`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
