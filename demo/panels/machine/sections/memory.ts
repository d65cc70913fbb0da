/** Who holds the device's memory. */
import { h } from "../../../page/dom.ts";
import type { MachinePictures } from "../pictures.ts";
import type { MachineContext } from "./context.ts";
import { bytes, percent } from "./format.ts";

type Memory = MachinePictures["memory"]["answer"];

export function memorySection({ section, words, remote }: MachineContext): void {
  const { memory: own } = words;
  const body = section({
    title: own.title,
    text: own.text,
    code: () => import("../snippets/memory.ts?raw"),
  });
  const names = Object.entries(own.owners).map(([name, label]) => ({ name, label }));
  const cells = new Map(
    names.map(({ name }) => [
      name,
      { bytes: h("td", { class: "number" }), bar: h("i"), share: h("span") },
    ]),
  );
  const total = h("td", { class: "number", "data-machine": "bytes" });
  const table = h(
    "table",
    { class: "facts machine-memory" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, own.owner),
        ...[own.bytes, own.share].map((text) => h("th", { scope: "col", class: "number" }, text)),
      ),
    ),
    h(
      "tbody",
      {},
      ...names.map(({ name, label }) => {
        const cell = cells.get(name);
        return h(
          "tr",
          { "data-owner": name },
          h("th", { scope: "row" }, label),
          cell?.bytes,
          h("td", { class: "machine-share" }, cell?.bar, cell?.share),
        );
      }),
      h("tr", {}, h("th", { scope: "row" }, own.total), total, h("td")),
    ),
  );
  body.append(
    h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": own.title }, table),
  );
  remote.watch(table, "memory", undefined, ({ owners, bytes: all }: Memory) => {
    total.textContent = bytes(all);
    total.dataset.bytes = String(all);
    for (const { name, bytes: held } of owners) {
      const cell = cells.get(name);
      if (cell === undefined) continue;
      cell.bytes.textContent = bytes(held);
      cell.bytes.dataset.bytes = String(held);
      const share = held / (all || 1);
      cell.bar.style.width = `${Math.min(100, 100 * share)}%`;
      // What is free lies beyond all.
      cell.share.textContent = name === "free" ? "" : `${percent(share)} %`;
    }
  });
}
