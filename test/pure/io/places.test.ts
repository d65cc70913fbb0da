import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
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

  test("a link to what is not there yet stays one, too", async () => {
    symlinkSync("not-yet", join(root, "ahead"));
    await file(join(root, "ahead")).write([new TextEncoder().encode("new")]);
    expect(lstatSync(join(root, "ahead")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(root, "not-yet"), "utf8")).toBe("new");
  });

  test("a folder's names are those of links to files as well, not of links to folders", async () => {
    const path = join(root, "links");
    mkdirSync(path);
    writeFileSync(join(root, "linked-to"), "x");
    symlinkSync(join(root, "linked-to"), join(path, "a"));
    symlinkSync(root, join(path, "b"));
    symlinkSync(join(root, "nowhere"), join(path, "c"));
    expect(await folder(path).names()).toEqual(["a"]);
  });

  test("a file that was private stays private", async () => {
    const path = join(root, "private");
    writeFileSync(path, "old", { mode: 0o600 });
    await file(path).write([new TextEncoder().encode("new")]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    writeFileSync(path, "old");
    chmodSync(path, 0o666);
    await file(path).write([]);
    expect(statSync(path).mode & 0o777).toBe(0o666);
  });

  test("names may be as long as the system has them", async () => {
    for (const name of ["a".repeat(255), "é".repeat(127)]) {
      await folder(root).place(name.slice(0, 200)).write([]);
      await file(join(root, name)).write([new Uint8Array(3)]);
      expect(await file(join(root, name)).size()).toBe(3);
    }
  });

  test("a file is named by its URL, too, and by no other", async () => {
    const path = join(root, "größe 日本.bin");
    const url = pathToFileURL(path);
    await file(url).write([new Uint8Array(4)]);
    expect(await file(url.href).size()).toBe(4);
    expect(await file(path).size()).toBe(4);
    expect(await folder(pathToFileURL(root)).names()).toContain("größe 日本.bin");
    for (const wrong of ["https://example.org/a", new URL("https://example.org/a")])
      expect(() => file(wrong)).toThrow(/must be a text, or a file: URL; got "https/);
    expect(() => file("file://elsewhere/a")).toThrow(/file of this machine; got file:/);
  });

  test("a device keeps its place", async () => {
    const fifo = join(root, "pipe");
    execFileSync("mkfifo", [fifo]);
    await expect(file(fifo).write([])).rejects.toThrow(/must be a file.*got a device, pipe/);
    await expect(file(fifo).size()).rejects.toThrow(FileError);
    expect(statSync(fifo).isFIFO()).toBe(true);
  });

  test("where no folders are made it is said, and soon", { timeout: 10_000 }, async () => {
    const place = folder("/proc/of/nobody").place("a");
    const error = await place.write([]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "FileError", fault: "failed" });
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
    await expect(file(join(root, "folder")).write([])).rejects.toThrow(/written; got a folder/);
    await expect(file(join(root, "folder")).size()).rejects.toThrow(/got a folder/);
    expect(readdirSync(root).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
