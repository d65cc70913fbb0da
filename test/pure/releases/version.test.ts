/** `npm run release:version` in a copy of what it changes. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { moveUnreleased } from "../../../scripts/changelog-version.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gradgpu-version-"));
  for (const name of ["package.json", "CHANGELOG.md", ".changeset"])
    cpSync(join(repository, name), join(folder, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, name), "utf8");

it("a changeset makes a version, with its line and what was unreleased in the changelog", () => {
  const before = read("CHANGELOG.md");
  const [major, minor] = (JSON.parse(read("package.json")).version as string).split(".");
  writeFileSync(join(folder, ".changeset/one.md"), '---\n"gradgpu": minor\n---\n\nA line.\n');
  // Lines name the commit that their changeset came with.
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@localhost", ...args], {
      cwd: folder,
    });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "one");
  const changeset = join(repository, "node_modules/@changesets/cli/bin.js");
  execFileSync(process.execPath, [changeset, "version"], { cwd: folder, stdio: "pipe" });
  const version = `${major}.${Number(minor) + 1}.0`;
  expect(JSON.parse(read("package.json")).version).toBe(version);

  const [, newest = "", ...older] = moveUnreleased(read("CHANGELOG.md")).split(/^(?=## )/m);
  expect(newest).toMatch(new RegExp(`^## ${version}\n### Minor Changes\n\n- [0-9a-f]+: A line\\.`));
  const [, unreleased = "", ...released] = before.split(/^(?=## )/m);
  expect(unreleased).toMatch(/^## Unreleased/);
  // Word for word: nothing of the file is formatted anew.
  expect(newest).toContain(unreleased.replace(/^.*\n/, "").trim());
  expect(older).toEqual(released);
});
