/** A table of two columns of texts, which are changed in place. */
import { h } from "../../../page/dom.ts";

export class Facts {
  readonly element: HTMLElement;
  readonly #values = new Map<string, HTMLElement>();

  constructor(labels: Readonly<Record<string, string>>) {
    const rows = Object.entries(labels).map(([name, label]) => {
      const value = h("td", { "data-fact": name }, "–");
      this.#values.set(name, value);
      return h("tr", {}, h("th", { scope: "row" }, label), value);
    });
    this.element = h("table", { class: "facts" }, h("tbody", {}, ...rows));
  }

  write(name: string, text: string): void {
    const value = this.#values.get(name);
    if (value !== undefined && value.textContent !== text) value.textContent = text;
  }
}
