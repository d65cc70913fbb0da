/** The network as a file, and a file's weights in the network. */
import { download } from "gradgpu/io";
import type { PanelName } from "../panels.ts";
import type { CommonWords } from "../words/en.ts";
import { h, newId, on } from "./dom.ts";
import type { Remote } from "./remote.ts";

export class FilesSection {
  readonly element: HTMLElement;
  readonly #network: HTMLSelectElement;
  readonly #field: HTMLElement;

  constructor(panel: PanelName, remote: Remote, words: CommonWords) {
    const id = newId("network");
    this.#network = h("select", { id, "data-file": "network" });
    this.#field = h(
      "div",
      { class: "field choice" },
      h("label", { for: id }, words.network),
      this.#network,
    );
    const told = h("p", { class: "quiet", role: "status", "data-file": "told" });
    const saves = (["safetensors", "onnx"] as const).map((format) => {
      const save = h(
        "button",
        { type: "button", "data-file": format === "onnx" ? "onnx" : "export" },
        words.exports[format],
      );
      on(save, "click", () => {
        const network = this.#network.value;
        told.textContent = "";
        void remote
          .exported(network, format)
          .then((bytes) => download(`gradgpu-${panel}-${network}.${format}`, [bytes]))
          .catch(tell);
      });
      return save;
    });
    const file = h("input", {
      type: "file",
      accept: ".safetensors",
      "data-file": "import",
      class: "visually-hidden",
    });
    const load = h("label", { class: "button" }, words.import, file);
    const tell = (error: unknown) => {
      told.textContent = error instanceof Error ? error.message : String(error);
    };
    on(file, "change", () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (chosen === undefined) return;
      void chosen
        .arrayBuffer()
        .then((buffer) => remote.imported(this.#network.value, new Uint8Array(buffer)))
        .then(() => {
          told.textContent = words.imported(chosen.name);
        })
        .catch(tell);
    });
    this.element = h("div", {}, this.#field, h("div", { class: "buttons" }, ...saves, load), told);
  }

  offer(networks: readonly string[]): void {
    this.#network.replaceChildren(...networks.map((name) => h("option", { value: name }, name)));
    this.#field.hidden = networks.length < 2;
  }
}
