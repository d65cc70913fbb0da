/**
 * `npm run size`: what a page loads that uses all of an entry of the package, and one that only runs a trained model,
 * minified and gzipped, in bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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
const trained = ["a trained model", await pageBytes("test/pure/size/trained-page.ts")];
console.table(Object.fromEntries([...(await Promise.all(sized)), trained]));
