/** A disk that is full, a limit of the system, and a folder that may not be written: the old file stays, whole and alone. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "gradgpu-disk-"));
chmodSync(root, 0o755);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const script = fileURLToPath(new URL("../support/io/write-in.ts", import.meta.url));
const repository = fileURLToPath(new URL("../..", import.meta.url));

interface Said {
  readonly name?: string;
  readonly fault?: string;
  readonly message?: string;
}

const writing = (folder: string, bytes: number, user = "self") =>
  `${process.execPath} --import tsx --conditions=gradgpu-source ${script} ${folder} ${bytes} ${user}`;

/** What the process says, and the lines of what is run behind it. */
function run(command: string): { readonly said: Said; readonly lines: readonly string[] } {
  const printed = execFileSync("bash", ["-c", command], { cwd: repository }).toString().trim();
  const [first = "", ...lines] = printed.split("\n");
  return { said: JSON.parse(first), lines };
}

function folderWithFile(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "kept"), "old");
  return folder;
}

it("a disk that is full is said to be, and nothing of the new file is left", () => {
  const folder = join(root, "full");
  mkdirSync(folder);
  // A disk of 256 KiB, of this process and those that it starts alone.
  const disk = `mount -t tmpfs -o size=256k tmpfs ${folder} && echo old > ${folder}/kept`;
  const inside = `${disk} && ${writing(folder, 2 ** 20)} && cat ${folder}/kept && ls -A ${folder}`;
  const { said, lines } = run(`unshare --mount --map-root-user bash -c '${inside}'`);
  expect(said).toMatchObject({ name: "FileError", fault: "full" });
  expect(said.message).toMatch(/ENOSPC.*Make room and write again/);
  expect(lines).toEqual(["old", "kept"]);
});

it("a file larger than the system allows is refused likewise", () => {
  const folder = folderWithFile("limit");
  const { said } = run(`ulimit -f 256 && ${writing(folder, 2 ** 20)}`);
  expect(said).toMatchObject({ name: "FileError", fault: "full" });
  expect(readFileSync(join(folder, "kept"), "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["kept"]);
});

it("a folder that may not be written is said to be forbidden", () => {
  const folder = folderWithFile("forbidden");
  chmodSync(folder, 0o555);
  const { said } = run(writing(folder, 16_384, "nobody"));
  expect(said).toMatchObject({ name: "FileError", fault: "forbidden" });
  expect(readFileSync(join(folder, "kept"), "utf8")).toBe("old");
  chmodSync(folder, 0o755);
  expect(readdirSync(folder)).toEqual(["kept"]);
});

it("where there is room and permission the file is written", () => {
  const folder = folderWithFile("free");
  expect(run(writing(folder, 2 ** 20)).said).toEqual({});
  expect(readFileSync(join(folder, "kept")).length).toBe(2 ** 20);
});
