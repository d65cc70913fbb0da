/**
 * Serves the data of the npm packages to the page under data/, and writes it beside a built page. Vite takes files
 * without an extension, which MNIST's are, for modules, and the book is more than a hundred files.
 */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";
import { committedReports } from "../bench/runner/committed.ts";
import { loadMoby } from "../examples/quickstart/moby.ts";
import { digitFiles } from "./digit-files.ts";

/** What a page learns of the book: more is not read (panels/text/corpus.ts). */
const MOBY_LETTERS = 200_000;

const files: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  ...digitFiles,
  // Public domain: Carroll 1865; Kim So-wol 1925, Yun Dong-ju 1941.
  "alice.txt": () => readFile(new URL("data/alice.txt", import.meta.url)),
  "korean.txt": () => readFile(new URL("data/korean.txt", import.meta.url)),
  // What the machine's benchmark has to compare with.
  "bench.json": async () => new TextEncoder().encode(JSON.stringify(committedReports())),
  "moby-dick.txt": async () => {
    const { training } = await loadMoby();
    return new TextEncoder().encode(training.slice(0, MOBY_LETTERS));
  },
};

export function dataPlugin(): Plugin {
  return {
    name: "gradgpu-demo-data",
    configureServer(server) {
      server.middlewares.use("/data", (request, response, next) => {
        const name = request.url?.slice(1) ?? "";
        const load = Object.hasOwn(files, name) ? files[name] : undefined;
        if (load === undefined) return next();
        response.setHeader("Content-Type", "application/octet-stream");
        load().then((bytes) => response.end(bytes), next);
      });
    },
    async generateBundle() {
      for (const [name, load] of Object.entries(files)) {
        this.emitFile({ type: "asset", fileName: `data/${name}`, source: await load() });
      }
    },
  };
}
