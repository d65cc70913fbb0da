/** A few numbers as bars under each other, as text as well. */
import { h } from "../../../page/dom.ts";

export interface Bar {
  readonly name: string;
  /** Undefined while it is not known. */
  readonly value: number | undefined;
  readonly written: string;
}

export function bars(): { readonly element: HTMLElement; show(all: readonly Bar[]): void } {
  const element = h("div", { class: "bars" });
  return {
    element,
    show(all) {
      const most = Math.max(...all.map(({ value = 0 }) => value), 1e-12);
      const rows = all.map(({ name, value = 0, written }) => {
        const bar = h("i");
        bar.style.width = `${(100 * value) / most}%`;
        return h(
          "div",
          {},
          h("span", {}, name),
          h("span", { class: "bar" }, bar),
          h("b", {}, written),
        );
      });
      element.replaceChildren(...rows);
    },
  };
}
