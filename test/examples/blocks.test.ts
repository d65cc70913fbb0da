/** Every ```ts block of the README, of docs/*.md and of the docstrings compiles as a user's code would, and runs. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { init } from "../../src/index.ts";
import { docFrames, type PageFrames } from "./frames/docs.ts";
import { docstringFrames } from "./frames/docstrings.ts";
import type { BlockFrame } from "./frames/frame.ts";
import { readmeFrames } from "./frames/readme.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** It is about browsers and runners of tests: test/testing and the package's tests. */
const ELSEWHERE: readonly string[] = ["ci.md"];

interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly blocks: readonly string[];
  readonly frames: PageFrames;
}

const pages = [
  await readPage("README.md", readmeFrames),
  ...(await readDocs()),
  ...(await readDocstrings()),
];

async function readPage(path: string, frames: PageFrames): Promise<Page> {
  const text = await readFile(join(repository, path), "utf8");
  return { path, blocks: blocksOf(text), frames };
}

function blocksOf(text: string): string[] {
  return [...text.matchAll(/^```ts(?: \[.*?\])?\n(.*?)^```/gms)].map(([, block = ""]) => block);
}

async function readDocs(): Promise<Page[]> {
  const names = (await readdir(join(repository, "docs"))).filter(
    (name) => name.endsWith(".md") && !ELSEWHERE.includes(name),
  );
  const read = names.map((name) => readPage(`docs/${name}`, docFrames[name] ?? []));
  return (await Promise.all(read)).filter(({ blocks }) => blocks.length > 0);
}

/** A comment's lines begin with a star, which is no part of what it says. */
async function readDocstrings(): Promise<Page[]> {
  const files = (await readdir(join(repository, "src"), { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !ELSEWHERE.includes(file),
  );
  const read = files.map(async (file) => {
    const text = (await readFile(join(repository, "src", file), "utf8")).replaceAll(
      /^ *\* ?/gm,
      "",
    );
    return { path: `src/${file}`, blocks: blocksOf(text), frames: docstringFrames[file] ?? [] };
  });
  return (await Promise.all(read)).filter(({ blocks }) => blocks.length > 0);
}

interface Program {
  readonly title: string;
  readonly file: string;
  readonly text: string;
}

/** One for each block, or for all of a page whose blocks go on from each other. */
const programs = pages.flatMap(({ path, blocks, frames }): Program[] => {
  const file = path.replaceAll(/[/.]/g, "-");
  if ("together" in frames) {
    const { before, after } = frames.together;
    return [{ title: path, file, text: framed(before, blocks.join("\n"), after) }];
  }
  return blocks.map((block, i) => ({
    title: `${path}, block ${i + 1}: ${block.split("\n")[0]}`,
    file: `${file}-${i + 1}`,
    text: framed(frames[i]?.before, imported(block, frames[i]?.imports), frames[i]?.after),
  }));
});

function imported(block: string, imports: BlockFrame["imports"] = {}): string {
  return Object.entries(imports).reduce((text, [of, file]) => text.replaceAll(of, file), block);
}

function framed(before = "", block: string, after = ""): string {
  return `${before}\n${block}\n${after}\nexport {};\n`;
}

let folder: string;

beforeAll(async () => {
  // Inside the repository, so that "gradgpu" is found as an installed package would be.
  await mkdir(join(repository, "out"), { recursive: true });
  folder = await mkdtemp(join(repository, "out/blocks-"));
  for (const { file, text } of programs) await writeFile(join(folder, `${file}.ts`), text);
  const compilerOptions = { incremental: false, tsBuildInfoFile: null, noUnusedLocals: false };
  const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  process.chdir(repository);
  // As the blocks open it: it is the one that is open.
  for (const options of [{ seed: 1 }, {}]) {
    const { runtime } = await init({ device: "cpu", threads: 1, ...options });
    await runtime.close();
  }
});

test.each(pages.map(({ path, blocks, frames }) => [path, blocks, frames] as const))(
  "every block of %s has a frame to run in",
  (_, blocks, frames) => {
    if (!("together" in frames)) expect(frames.length).toBe(blocks.length);
  },
);

test("every block compiles", async () => {
  const script = join(repository, "test/support/compile-folder.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder]);
  expect(stdout).toBe("");
  // Compiling takes seconds, on a busy machine half a minute and more.
});

// The README's first is run by readme.test.ts, as a process of its own; it looks at its losses too.
test.each(programs.slice(1).map(({ title, file }) => [title, file] as const))(
  "%s runs",
  async (_, file) => {
    await import(join(folder, `${file}.ts`));
  },
);
