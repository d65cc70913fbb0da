/** The scripts of docs/from-pytorch.md and docs/from-tensorflow.md, side by side: they train alike. And the names beside each other. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installPeers } from "../../bench/runner/peers.ts";
import * as gradgpu from "../../src/index.ts";
import * as io from "../../src/io/index.ts";
import { installPackages } from "../../src/testing/browser/install.ts";
import { startNode } from "./run-node.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const pageOf = (name: string) => readFile(join(repository, "docs", name), "utf8");

let folder: string;
beforeAll(async () => {
  // Inside the repository, so that "gradgpu" is found as an installed package would be.
  await mkdir(join(repository, "out"), { recursive: true });
  folder = await mkdtemp(join(repository, "out/migration-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The first block in `language`, as a file. */
async function scriptOf(page: string, language: string, name: string): Promise<string> {
  const block = new RegExp(`^\`\`\`${language} \\[.*?\\n(.*?)^\`\`\``, "ms").exec(page)?.[1];
  if (block === undefined) throw new Error(`there is no ${language}`);
  const file = join(folder, name);
  await writeFile(file, block);
  return file;
}

async function ours(page: string, name: string): Promise<number[][]> {
  const { code, stdout, stderr } = await startNode(await scriptOf(page, "ts", name), [], folder)
    .ended;
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  return numbersIn(stdout);
}

/** Line by line; what is no number is left out. */
function numbersIn(text: string): number[][] {
  const lines = text.trim().split("\n");
  return lines.map((line) => [...line.matchAll(/\d+(\.\d+)?/g)].map(([number]) => Number(number)));
}

/** Four losses and an accuracy. The losses are printed with four digits, of f32 whose sums are taken in another order. */
function expectAlike(own: number[][], theirs: number[][]): void {
  expect(theirs.map((line) => line.length)).toEqual([2, 2, 2, 2, 1]);
  expect(own.map(([step]) => step).slice(0, 4)).toEqual([25, 50, 75, 100]);
  for (const [i, line] of theirs.entries())
    for (const [j, number] of line.entries()) expect(own[i]?.[j]).toBeCloseTo(number, 3);
  expect(theirs[3]?.[1]).toBeLessThan(0.9 * (theirs[0]?.[1] ?? 0));
}

test("PyTorch's script and ours print the same losses", async () => {
  const page = await pageOf("from-pytorch.md");
  const script = await scriptOf(page, "python", "theirs.py");
  const python = "/usr/bin/python3";
  await run(python, ["-c", "import torch"]).catch(() => installPackages(["python3-torch"]));
  const { stdout } = await run(python, [script]);
  expectAlike(await ours(page, "ours.ts"), numbersIn(stdout));
});

test("TensorFlow.js' script and ours print the same losses", async () => {
  const page = await pageOf("from-tensorflow.md");
  const script = await scriptOf(page, "js", "theirs.mjs");
  expect(installPeers(() => undefined)).toBeUndefined();
  // What @tensorflow/tfjs is: core, layers and a back end.
  const packages = JSON.stringify(join(repository, "bench/peers/package.json"));
  const library = `
    import { createRequire } from "node:module";
    const require = createRequire(${packages});
    require("@tensorflow/tfjs-backend-cpu");
    const tf = { ...require("@tensorflow/tfjs-core"), ...require("@tensorflow/tfjs-layers") };`;
  const text = await readFile(script, "utf8");
  await writeFile(script, text.replace('import * as tf from "@tensorflow/tfjs";', library));
  const { stdout } = await run(process.execPath, [script]);
  // It says hello first.
  const theirs = numbersIn(
    stdout
      .split("\n")
      .filter((line) => /^(\d|acc)/.test(line))
      .join("\n"),
  );
  expectAlike(await ours(page, "ours-tf.ts"), theirs);
});

test.each(["from-pytorch.md", "from-tensorflow.md"])(
  "every name of ours in the tables of %s is there",
  async (name) => {
    const rows = [...(await pageOf(name)).matchAll(/^\| (.*) \| (.*) \|$/gm)];
    expect(rows.length).toBeGreaterThan(30);
    const known = (path: readonly string[]): boolean =>
      path[0] === "io"
        ? path.length === 1 || (path[1] ?? "") in io
        : path.reduce<unknown>(
            (at, part) => (at as Record<string, unknown> | undefined)?.[part],
            gradgpu,
          ) !== undefined;
    const wrong = rows.flatMap(([, , own = ""]) =>
      [...own.matchAll(/`(?:await |new )?((?:\w+\.)*\w+)\(/g)]
        .map(([, path = ""]) => path)
        .filter(
          (path) => !/^(x|model|trainer|layer|optimizer)\./.test(path) && !known(path.split(".")),
        ),
    );
    expect(wrong).toEqual([]);
  },
);
