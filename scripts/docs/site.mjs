/** The documentation's site: what stands where, for VitePress. */
import { existsSync } from "node:fs";
import { defineConfig } from "vitepress";
import { entryPoints } from "./entry-points.ts";
import { PAGES } from "./pages.ts";

/** A page that is announced and not there yet is left out. */
const group = ([text, pages]) => ({
  text,
  collapsed: text === "In depth",
  items: Object.entries(pages)
    .filter(([, page]) => existsSync(`docs/${page}.md`))
    .map(([title, page]) => ({ text: title, link: `/${page}` })),
});

const groups = Object.entries(PAGES).map(group);
/** Modules that have modules of their own are folders. */
const isFolder = (name) => existsSync(`out/docs-pages/reference/${name}/index.md`);
const reference = {
  text: "Reference",
  items: entryPoints().map(({ name }) => ({
    text: name,
    link: `/reference/${name}${isFolder(name) ? "/" : ""}`,
  })),
};

export const site = defineConfig({
  title: "gradgpu",
  description: "Neural networks that train in the browser, on WebGPU and WebAssembly.",
  lang: "en",
  base: process.env.GRADGPU_DOCS_BASE ?? "/",
  outDir: "../docs",
  // The index that is searched is one file, and loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    nav: [
      { text: "Start", link: "/start" },
      { text: "Guides", link: "/web-app" },
      { text: "Reference", link: "/reference/" },
      { text: "Changes", link: "/CHANGELOG" },
    ],
    sidebar: [...groups, reference],
    outline: [2, 3],
    search: { provider: "local" },
  },
});
