/** Which text is learned: one that lies beside the page, or one that is pasted and stays on this machine. */
import { h, on } from "../../../page/dom.ts";
import { FEWEST_LETTERS, lettersOf, MOST_CHARACTERS, MOST_LETTERS } from "../corpus.ts";
import { BUILT_IN, keepText } from "../texts.ts";
import type { Context } from "./samples-section.ts";
import { field } from "./write-section.ts";

const OWN = "own";

export function sourceSection(context: Context): void {
  const { section, words, remote } = context;
  const said = words.source;
  const body = section({ title: said.title, text: said.text, isWide: true });
  const now = context.settings().text;
  const isBuiltIn = BUILT_IN.some((name) => name === now);
  const names = [...BUILT_IN, OWN] as const;
  const select = h(
    "select",
    { "data-text": "source" },
    ...names.map((name) =>
      h("option", { value: name, selected: name === (isBuiltIn ? now : OWN) }, said.names[name]),
    ),
  );
  const area = h("textarea", {
    rows: 6,
    spellcheck: "false",
    placeholder: said.placeholder,
    "data-text": "own",
  });
  const train = h("button", { type: "button", "data-text": "train" }, said.train);
  const note = h("p", { class: "quiet", role: "status" });
  const facts = h("p", { class: "quiet" });
  const pasted = h(
    "div",
    { hidden: isBuiltIn },
    field(said.own, area),
    h("div", { class: "buttons" }, train),
    note,
  );
  body.append(field(said.which, select), facts, pasted);

  on(select, "change", () => {
    pasted.hidden = select.value !== OWN;
    if (select.value !== OWN) context.set("text", select.value);
    else area.focus();
  });
  on(area, "input", () => {
    const letters = lettersOf(area.value);
    note.textContent = said.count(letters.length, new Set(letters).size);
  });
  on(train, "click", () => void learn());
  remote.listen((event) => {
    if (event.kind === "opened") void tell();
  });

  async function learn(): Promise<void> {
    const { length } = lettersOf(area.value);
    if (length < FEWEST_LETTERS) {
      note.textContent = said.tooShort(length, FEWEST_LETTERS);
      return;
    }
    context.set("text", await keepText(area.value));
  }

  async function tell(): Promise<void> {
    const source = await remote.ask("source", {}).catch(() => undefined);
    if (source === undefined) return;
    const { length, characters, rare } = source;
    facts.textContent = [
      said.facts(length, characters.length),
      rare > 0 ? said.rare(rare, MOST_CHARACTERS) : "",
      length === MOST_LETTERS ? said.cut(MOST_LETTERS) : "",
    ]
      .filter((text) => text !== "")
      .join(" ");
  }
}
