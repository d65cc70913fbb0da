import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileError } from "../../../src/errors.ts";
import { file, folder, memory } from "../../../src/io/index.ts";
import { checkFolder, ruleCount } from "../../support/io/check-folder.ts";

const root = mkdtempSync(join(tmpdir(), "gradgpu-places-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a folder in memory does what every folder must", async () => {
  expect(ruleCount()).toBeGreaterThan(15);
  expect(await checkFolder(memory())).toEqual([]);
});

describe("in Node", () => {
  test("a folder does what every folder must, and is made when it is written", async () => {
    expect(await checkFolder(folder(join(root, "a", "b")))).toEqual([]);
    expect(existsSync(join(root, "a", "b"))).toBe(true);
  });

  test("a write that fails leaves no temporary file", async () => {
    const wrong = (function* (): Generator<Uint8Array> {
      yield new Uint8Array(1);
      throw new RangeError("mine");
    })();
    const path = join(root, "left");
    await expect(folder(path).place("a").write(wrong)).rejects.toThrow("mine");
    expect(readdirSync(path)).toEqual([]);
  });

  test("what a killed process has left of a write is removed, not what another is writing", async () => {
    const path = join(root, "killed");
    mkdirSync(path);
    // A process that has ended.
    const ended = execFileSync(process.execPath, ["-p", "process.pid"]).toString().trim();
    const old = [`.a.${ended}-0.gradgpu`, `.a.${process.pid}-0.gradgpu`, `.a.${ended}-1.other`];
    for (const name of [...old, `.a.${ended}-2.gradgpu`]) writeFileSync(join(path, name), "");
    for (const name of old) utimesSync(join(path, name), 1, 1);
    await folder(path).place("a").write([]);
    expect(readdirSync(path).sort()).toEqual(
      [`.a.${ended}-1.other`, `.a.${ended}-2.gradgpu`, `.a.${process.pid}-0.gradgpu`, "a"].sort(),
    );
  });

  test("a link stays one, and what it stands for is written", async () => {
    writeFileSync(join(root, "real"), "old");
    symlinkSync(join(root, "real"), join(root, "link"));
    await file(join(root, "link")).write([new TextEncoder().encode("new")]);
    expect(lstatSync(join(root, "link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(root, "real"), "utf8")).toBe("new");
  });

  test("who still has the old file open keeps it", async () => {
    writeFileSync(join(root, "kept"), "old");
    linkSync(join(root, "kept"), join(root, "second-name"));
    await file(join(root, "kept")).write([new TextEncoder().encode("new")]);
    expect(readFileSync(join(root, "second-name"), "utf8")).toBe("old");
  });

  test("a folder in a file's place, and a file in a folder's, are refused by typed errors", async () => {
    writeFileSync(join(root, "plain"), "x");
    mkdirSync(join(root, "folder"));
    await expect(folder(join(root, "plain")).place("a").write([])).rejects.toThrow(FileError);
    await expect(file(join(root, "folder")).read()).rejects.toThrow(FileError);
    await expect(file(join(root, "folder")).write([])).rejects.toThrow(/^file .*written; got/);
    expect(readdirSync(root).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
