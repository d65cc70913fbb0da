import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { init } from "../../src/index.ts";
import { frames } from "./readme-blocks.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const readme = await readFile(join(repository, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, block = ""]) => block);

let folder: string;
const fileOf = (i: number) => join(folder, `block-${i}.ts`);

beforeAll(async () => {
  // Inside the repository, so that "gradgpu" is found as an installed package would be.
  await mkdir(join(repository, "out"), { recursive: true });
  folder = await mkdtemp(join(repository, "out/readme-blocks-"));
  for (const [i, block] of blocks.entries())
    await writeFile(fileOf(i), `${frames[i]?.before}\n${block}\n${frames[i]?.after}\nexport {};\n`);
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.json",
      compilerOptions: { incremental: false, tsBuildInfoFile: null, noUnusedLocals: false },
      include: ["*.ts"],
    }),
  );
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("every block of the README has a frame to run in", () => {
  expect(blocks.length).toBe(frames.length);
});

test("every block of the README compiles", async () => {
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, "-p", folder], {
    cwd: repository,
  }).catch((failed: { readonly stdout: string }) => failed);
  expect(stdout).toBe("");
  // Compiling takes seconds, on a busy machine half a minute and more.
});

// The first is run by readme.test.ts, as a process of its own; it looks at its losses too.
test.each(blocks.map((block, i) => [i + 1, block.split("\n")[0]] as const).slice(1))(
  "the README's block %i runs: %s",
  async (number) => {
    await import(fileOf(number - 1));
    // As the blocks open it: it is the one that is open.
    const { runtime } = await init({ device: "cpu", threads: 1 });
    await runtime.close();
  },
);
