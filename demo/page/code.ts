/** "Show the code": a file of the panel's snippets, loaded when it is asked for. */
import type { CommonWords } from "../words/en.ts";
import { h, on } from "./dom.ts";

export function codeOf(
  load: () => Promise<{ readonly default: string }>,
  words: CommonWords,
): HTMLElement {
  const code = h("code");
  const details = h(
    "details",
    { class: "code" },
    h("summary", {}, words.code),
    h("small", {}, words.codeLead),
    h("pre", { tabindex: "0", role: "group", "aria-label": words.code }, code),
  );
  const end = on(details, "toggle", () => {
    end();
    void load().then(({ default: text }) => {
      code.textContent = text.trim();
    });
  });
  return details;
}
