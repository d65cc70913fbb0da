/** Links of a site of static files that lead nowhere within it: to a page that is not there, or to a place that it has not. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** As `page: link`. `base` is the path that the site is made for. */
export async function brokenLinks(folder: string, base: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  const pages = new Map<
    string,
    { readonly links: readonly string[]; readonly ids: ReadonlySet<string> }
  >();
  for (const file of files.filter((name) => name.endsWith(".html"))) {
    const page = await readFile(join(folder, file), "utf8");
    pages.set(file, { links: attributes(page, "href|src"), ids: new Set(attributes(page, "id")) });
  }
  return [...pages].flatMap(([file, { links }]) =>
    [...new Set(links)].filter((link) => !isFound(link, file)).map((link) => `${file}: ${link}`),
  );

  function isFound(link: string, from: string): boolean {
    if (/^(https?:|mailto:|data:)/.test(link)) return true;
    const url = new URL(link, `http://site${base}${from}`);
    if (!url.pathname.startsWith(base)) return false;
    const path = decodeURIComponent(url.pathname.slice(base.length));
    const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
    const target = pages.get(file) ?? pages.get(`${file}.html`);
    if (target === undefined) return existsSync(join(folder, relative("/", `/${file}`)));
    return url.hash === "" || target.ids.has(decodeURIComponent(url.hash.slice(1)));
  }
}

function attributes(page: string, names: string): string[] {
  const found = page.matchAll(new RegExp(`\\s(?:${names})="([^"]*)"`, "g"));
  return [...found].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&").replaceAll("&#39;", "'"),
  );
}
