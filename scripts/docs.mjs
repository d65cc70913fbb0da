/**
 * `npm run docs -- [--base /path/]`: the documentation as static files in out/docs, of docs/*.md and of the docstrings.
 * They are for the path that `--base` names, the root of a host where nothing is said.
 */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { command, refuse } from "./command.ts";
import { ROOT } from "./docs/entry-points.ts";
import { brokenLinks } from "./docs/links.ts";
import { writeReference } from "./docs/reference.mjs";

const USAGE = `npm run docs -- [options]
  --base /path/ where on its host the site will be (/)`;

const { values } = command(USAGE, { base: { type: "string", default: "/" } });
if (!/^\/(.*\/)?$/.test(values.base))
  refuse(USAGE, `the base must begin and end with a slash; got ${values.base}`);
process.env.GRADGPU_DOCS_BASE = values.base;

const pages = join(ROOT, "out/docs-pages");
await rm(pages, { recursive: true, force: true });
await mkdir(join(pages, ".vitepress"), { recursive: true });
for (const name of (await readdir(join(ROOT, "docs"))).filter((one) => one.endsWith(".md")))
  await writeFile(join(pages, name), onSite(await readFile(join(ROOT, "docs", name), "utf8")));
await writeFile(
  join(pages, "CHANGELOG.md"),
  onSite(await readFile(join(ROOT, "CHANGELOG.md"), "utf8")),
);
await writeReference(join(pages, "reference"));
await writeFile(
  join(pages, ".vitepress/config.mjs"),
  'import { site } from "../../../scripts/docs/site.mjs";\nexport default site;\n',
);
await rm(join(ROOT, "out/docs"), { recursive: true, force: true });
// It takes the folder's own package for the one that says how modules are read.
await cp(join(ROOT, "package.json"), join(pages, "package.json"));
const { build } = await import("vitepress");
await build(pages);
const broken = await brokenLinks(join(ROOT, "out/docs"), values.base);
if (broken.length > 0) {
  console.error(`Links that lead nowhere:\n${broken.join("\n")}`);
  process.exitCode = 1;
}
console.log(`out/docs: for ${values.base}`);

/** Files of the repository are named on the site, not linked: it has no copy of them. */
function onSite(page) {
  return page
    .replaceAll("](../CHANGELOG.md", "](CHANGELOG.md")
    .replaceAll(/\[([^\]]+)\]\(\.\.\/[^)]*\)/g, (_, text) =>
      text.includes("`") ? text : `\`${text}\``,
    );
}
