/** The visitor's cell: four lines that are checked while they are written, and trained when the visitor says so. */
import { h, newId, on } from "../../../page/dom.ts";
import { OWN_CELL } from "../settings.ts";
import type { MemoryContext } from "./context.ts";

const CHECK_MS = 250;
const MOST_LINES = 8;

export function ownSection(context: MemoryContext, offered: string | undefined): () => void {
  const { words, remote, settings, set, onProgress } = context;
  const { own } = words;
  const body = context.section({
    title: own.title,
    text: own.text,
    code: () => import("../snippets/own-cell.ts?raw"),
    isWide: true,
  });
  const id = newId("cell");
  const field = h("textarea", {
    id,
    rows: 4,
    maxlength: 600,
    spellcheck: "false",
    autocapitalize: "off",
    wrap: "off",
    "aria-describedby": `${id}-told`,
    "data-setting": "own",
  });
  field.value = offered ?? settings().own;
  const lines = h("div", { class: "lines", "aria-hidden": "true" });
  const told = h("p", { id: `${id}-told`, class: "told", role: "status" });
  const lost = h(
    "p",
    { class: "told", role: "status", "data-told": "lost", hidden: true },
    own.lost,
  );
  const run = h(
    "button",
    // Until it is known that the cell is right, and is another one than that which is trained.
    { type: "button", class: "main", "data-do": "own-run", disabled: true },
    own.run,
  );
  const restore = h("button", { type: "button", "data-do": "own-restore" }, own.restore);
  body.append(
    h("label", { for: id, class: "visually-hidden" }, own.code),
    h("div", { class: "cell" }, lines, field),
    told,
    lost,
    h("div", { class: "buttons" }, run, restore),
    h("small", {}, own.functions),
  );

  let checks = 0;
  async function check(): Promise<void> {
    const mine = ++checks;
    const code = field.value;
    const answer = await remote.ask("own", { code }).catch(() => undefined);
    if (mine !== checks || answer === undefined) return;
    const { wrong, weights } = answer;
    const isTrained = code === settings().own;
    run.disabled = wrong !== undefined || isTrained;
    field.setAttribute("aria-invalid", String(wrong !== undefined));
    body.dataset.wrong = wrong === undefined ? "" : String(wrong.line);
    number(wrong?.line);
    if (wrong !== undefined) told.textContent = own.wrong(wrong.line, wrong.column, wrong.message);
    else if (code === offered && !isTrained) told.textContent = own.offered;
    else told.textContent = `${isTrained ? `${own.running} ` : ""}${own.right(weights.join(", "))}`;
  }

  function number(wrong: number | undefined): void {
    const count = Math.min(MOST_LINES, Math.max(4, field.value.split("\n").length));
    field.rows = count;
    const all = Array.from({ length: count }, (_, i) =>
      h(
        "span",
        { class: i + 1 === wrong ? "wrong" : undefined },
        i + 1 === wrong ? "✕" : String(i + 1),
      ),
    );
    lines.replaceChildren(...all);
  }

  let timer: ReturnType<typeof setTimeout> | undefined;
  function checkSoon(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), CHECK_MS);
  }
  const ends = [
    on(field, "input", () => {
      number(undefined);
      run.disabled = true;
      checkSoon();
    }),
    on(field, "keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !run.disabled) run.click();
    }),
    on(run, "click", () => {
      set("own", field.value);
      run.disabled = true;
      checkSoon();
    }),
    on(restore, "click", () => {
      field.value = OWN_CELL;
      void check();
    }),
    remote.listen((event) => {
      if (event.kind !== "opened") return;
      lost.hidden = true;
      void check();
    }),
  ];
  // Its updates are left out where they are not finite, and the other networks go on.
  onProgress((points) => {
    const loss = points.at(-1)?.values.ownLoss;
    if (loss !== undefined) lost.hidden = Number.isFinite(loss);
  });
  number(undefined);
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
