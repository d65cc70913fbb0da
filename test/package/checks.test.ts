import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { makeApp } from "./support/app.ts";

test("publint and attw find nothing", async () => {
  const app = makeApp("checks");
  const run = (tool: string, ...args: string[]) =>
    app.run(process.execPath, join("node_modules", tool), ...args);
  expect(await run("publint/src/cli.js", "run", "--strict", inject("tarball"))).toContain(
    "All good!",
  );
  // It awaits at the top level, so that node:test waits for the adapter: `--import`, never `require`.
  const modulesOnly = ["--exclude-entrypoints", "testing/setup"];
  await run("@arethetypeswrong/cli/dist/index.js", inject("tarball"), ...modulesOnly);
});

test("README, licence, changelog and docs lie in it, and the README's links lead there from npm", () => {
  const { folder } = makeApp("checks");
  const own = join(folder, "node_modules/gradgpu");
  for (const name of ["LICENSE", "CHANGELOG.md", "docs/architecture.md"])
    expect(readFileSync(join(own, name), "utf8").length).toBeGreaterThan(500);
  const readme = readFileSync(join(own, "README.md"), "utf8");
  // npm shows the README alone, and has no repository to resolve others by.
  const links = [...readme.matchAll(/\]\((?!#)([^)#]+)/g)].map(([, link = ""]) => link);
  expect(links.filter((link) => !link.startsWith("https://"))).toEqual([]);
  const PACKAGE = "https://unpkg.com/gradgpu/";
  const inPackage = links.filter((link) => link.startsWith(PACKAGE));
  expect(inPackage.length).toBeGreaterThan(3);
  for (const link of inPackage)
    expect(existsSync(join(own, link.slice(PACKAGE.length))), link).toBe(true);
});

test("source maps have their sources", () => {
  const { folder } = makeApp("checks");
  const dist = join(folder, "node_modules/gradgpu/dist");
  const scripts = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".js") && !/^(classic|bench)\b/.test(name),
  );
  expect(scripts).toContain("cjs/index.js");
  const maps = scripts.map((name) => `${name}.map`);
  const parsed = maps.map((name) => JSON.parse(readFileSync(join(dist, name), "utf8")));
  const sources = parsed.flatMap((map) => map.sources);
  expect(sources).toContain("../src/nn/lstm.ts");
  expect(sources).toContain("../../src/nn/lstm.ts");
  for (const map of parsed) expect(map.sourcesContent).toHaveLength(map.sources.length);
});
