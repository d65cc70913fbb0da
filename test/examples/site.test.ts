/** The documentation as it is served: every page, every public name, and no link that leads nowhere. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { brokenLinks } from "../../scripts/docs/links.ts";
import { PAGES } from "../../scripts/docs/pages.ts";
import { readPublicApi } from "../support/public-api/read.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const site = join(repository, "out/docs");
const BASE = "/a/folder/";

beforeAll(async () => {
  const tsx = ["--import", import.meta.resolve("tsx"), "scripts/docs.mjs", "--base", BASE];
  // It ends with an error where TypeDoc or VitePress has a complaint, or a link leads nowhere.
  await promisify(execFile)(process.execPath, tsx, { cwd: repository, maxBuffer: 2 ** 24 });
  // Half a minute, and many times that on a busy machine.
}, 900_000);

const read = (page: string) => readFile(join(site, page), "utf8");

test("every page of docs/ is on the site, and in its sidebar", async () => {
  const listed = Object.values(PAGES).flatMap((group) => Object.values<string>(group));
  const pages = (await readdir(join(repository, "docs"))).filter((name) => name.endsWith(".md"));
  const start = await read("start.html");
  for (const page of pages.map((name) => name.slice(0, -3)).filter((name) => name !== "index")) {
    expect(listed).toContain(page);
    expect(start).toContain(`href="${BASE}${page}.html"`);
    expect(await read(`${page}.html`)).toContain("<h1");
  }
});

test("no link leads nowhere, and one that does is found", async () => {
  expect(await brokenLinks(site, BASE)).toEqual([]);
  // For another place they all lead nowhere.
  expect((await brokenLinks(site, "/elsewhere/")).length).toBeGreaterThan(100);
});

test("every public name has its place in the reference", async () => {
  const pages = (await readdir(join(site, "reference"), { recursive: true })).filter((name) =>
    name.endsWith(".html"),
  );
  const text = (await Promise.all(pages.map((page) => read(join("reference", page))))).join("\n");
  const ids = new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id = ""]) => id));
  const names = readPublicApi().names.map(({ path }) => path.split("/").at(-1) ?? "");
  const missing = names
    // Members stand below their types.
    .filter((name) => /^([a-z]+\.)*\w+$/.test(name) && !name.endsWith(".new"))
    .filter((name) => !ids.has((name.split(".").at(-1) ?? "").toLowerCase().replaceAll("_", "-")));
  expect(missing).toEqual([]);
  expect(text).toContain("Throws");
});

test("the site can be searched, and read in the dark", async () => {
  const assets = await readdir(join(site, "assets"), { recursive: true });
  expect(assets.some((name) => name.includes("localSearchIndex"))).toBe(true);
  const start = await read("start.html");
  expect(start).toContain("DocSearch-Button");
  expect(start).toContain("VPSwitchAppearance");
});
