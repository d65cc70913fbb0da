/**
 * `npm run size`: what a page loads that uses all of an entry of the package, by esbuild, and what pages of an app load
 * (test/pure/size/pages), by Vite; minified and gzipped, in bytes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openApp } from "../bench/runner/app-bytes.ts";
import { pageBytes } from "../bench/runner/page-bytes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Readonly<Record<string, { readonly "gradgpu-source"?: string }>>;
};

const rows = Object.entries(exports).flatMap(([subpath, { "gradgpu-source": source }]) =>
  // Of a page alone.
  source === undefined || subpath.startsWith("./testing") ? [] : [{ subpath, source }],
);
const sized = rows.map(async ({ subpath, source }) => [
  subpath.replace(/^\./, "gradgpu"),
  await pageBytes(source.slice(2)),
]);
console.table(Object.fromEntries(await Promise.all(sized)));

const app = await openApp();
try {
  const pages = join(root, "test/pure/size/pages");
  const loaded: Record<string, object> = {};
  for (const page of readdirSync(pages)) {
    const { start, webgpu, cpu } = await app.bytes(join(pages, page));
    loaded[page.replace(".ts", "")] = { start, webgpu, cpu };
  }
  console.table(loaded);
} finally {
  app.close();
}
