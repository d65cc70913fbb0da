/** The next character's probabilities, the likeliest on top: five bars. */
import { h } from "../../../page/dom.ts";
import { TOP } from "../pictures.ts";
import { named } from "./letters.ts";

export interface Expected {
  readonly character: string;
  readonly probability: number;
  /** Whether this is the one that came. */
  readonly came: boolean;
}

export class ExpectedBars {
  readonly element: HTMLElement;
  readonly #title = h("p", { class: "expected-title" });
  readonly #rows = Array.from({ length: TOP }, () => {
    const [letter, bar, share] = [h("b"), h("i"), h("span")];
    return {
      letter,
      bar,
      share,
      row: h("li", { hidden: true }, letter, h("span", { class: "track" }, bar), share),
    };
  });

  constructor() {
    this.element = h(
      "div",
      { class: "expected" },
      this.#title,
      h("ol", {}, ...this.#rows.map(({ row }) => row)),
    );
  }

  show(title: string, expected: readonly Expected[]): void {
    this.#title.textContent = title;
    this.#rows.forEach(({ letter, bar, share, row }, rank) => {
      const one = expected[rank];
      row.hidden = one === undefined;
      if (one === undefined) return;
      letter.textContent = named(one.character);
      bar.style.width = `${100 * one.probability}%`;
      share.textContent = percent(one.probability);
      row.className = one.came ? "came" : "";
    });
  }
}

export function percent(share: number): string {
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
