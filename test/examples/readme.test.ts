import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startNode } from "./run-node.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The contents of the first ```ts block. */
async function firstBlock(): Promise<string> {
  const readme = await readFile(join(repository, "README.md"), "utf8");
  const block = /```ts\n(.*?)```/s.exec(readme)?.[1];
  if (block === undefined) throw new Error("README.md has no ```ts block.");
  return block;
}

test("the README's first training loop is examples/first-loop.ts", async () => {
  const example = await readFile(join(repository, "examples/first-loop.ts"), "utf8");
  expect(await firstBlock()).toBe(example);
});

test("the README's first training loop runs as it stands, and learns", async () => {
  // Inside the repository, so that "gradgpu" is found as an installed package would be.
  await mkdir(join(repository, "out"), { recursive: true });
  const folder = await mkdtemp(join(repository, "out/readme-"));
  try {
    const file = join(folder, "first-loop.ts");
    await writeFile(file, await firstBlock());
    const { code, stdout, stderr } = await startNode(file, [], folder).ended;
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    const losses = [...stdout.matchAll(/step \d+: loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
    expect(losses.length).toBeGreaterThan(3);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
