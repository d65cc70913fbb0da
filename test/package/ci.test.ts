/** The workflows of docs/ci.md and examples/ci, step by step in a fresh folder, with the package as npm would install it. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parse } from "yaml";
import { ciBlock } from "./support/ci-page.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const template = join(repository, "examples/ci");

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>;
}
interface Pipeline {
  readonly test: { readonly script: readonly string[] };
}

const stepsOf: Readonly<Record<string, (text: string) => readonly string[]>> = {
  ".github/workflows/test.yml": (text) =>
    Object.values((parse(text) as Workflow).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run }) => run ?? []),
    ),
  ".gitlab-ci.yml": (text) => (parse(text) as Pipeline).test.script,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gradgpu-ci-"));
  cpSync(template, folder, { recursive: true });
  // Until it is published under this very version.
  const file = join(folder, "package.json");
  const own = JSON.parse(readFileSync(file, "utf8"));
  own.devDependencies.gradgpu = `file:${inject("tarball")}`;
  writeFileSync(file, JSON.stringify(own));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A step as a runner of CI runs it. */
function run(step: string): Promise<{ code: number; output: string }> {
  const { NODE_ENV: _, VITEST: __, NODE_OPTIONS: ___, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      "bash",
      ["-e", "-c", step],
      { cwd: folder, env, maxBuffer: 2 ** 26 },
      (error, out, errors) => {
        resolve({ code: error === null ? 0 : Number(error.code), output: `${out}\n${errors}` });
      },
    );
  });
}

describe("docs/ci.md", () => {
  it.each(Object.keys(stepsOf))("shows %s as the template has it", (name) => {
    expect(ciBlock(name)).toBe(readFileSync(join(template, name), "utf8"));
  });

  it("has steps that run: green as it stands, red when the shader is wrong", async () => {
    const [github, gitlab] = Object.entries(stepsOf).map(([name, steps]) => steps(ciBlock(name)));
    // Both do the same, so once is enough.
    expect(gitlab).toEqual(github);
    expect(github?.length).toBe(2);
    for (const step of github ?? []) {
      const { code, output } = await run(step);
      expect(code, output).toBe(0);
    }
    const shader = join(folder, "src/smooth.wgsl.ts");
    const text = readFileSync(shader, "utf8");
    writeFileSync(shader, text.replace("0.5 * x[i]", "0.51 * x[i]"));
    const { code, output } = await run(github?.at(-1) ?? "");
    expect(code).toBe(1);
    expect(output).toContain("expectClose: elements must agree");
    expect(output).toContain("difference  allowed");
  });

  it("says what a machine without an adapter lacks, and is red", async () => {
    const { code, output } = await run("VK_ICD_FILENAMES=/none.json npx vitest run -t Node");
    expect(code).toBe(1);
    expect(output).toContain("nodeAdapter: there must be a WebGPU adapter; got none");
  });
});

describe("the installed package", () => {
  it("runs node:test with WebGPU by one import", async () => {
    const file = join(folder, "smooth.test.mjs");
    const step = "node --import gradgpu/testing/setup --test smooth.test.mjs";
    const text = ciBlock("smooth.test.mjs");
    writeFileSync(file, text);
    const right = await run(step);
    expect(right.code, right.output).toBe(0);
    writeFileSync(file, text.replace("x[id.x] * x[id.x]", "x[id.x]"));
    const wrong = await run(step);
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain("expectClose: elements must agree");
  });

  it("asks a page from Node, and checks a shader of one's own without a test runner", async () => {
    const end = "console.log(result.length);";
    writeFileSync(join(folder, "ask-a-page.mjs"), `${ciBlock("ask-a-page.mjs")}${end}`);
    const asked = await run("node ask-a-page.mjs");
    expect(asked.code, asked.output).toBe(0);
    expect(asked.output.trim()).toBe("4");
    const text = ciBlock("squares.mjs");
    const file = join(folder, "squares.mjs");
    writeFileSync(file, text);
    const right = await run("node squares.mjs");
    expect(right.code, right.output).toBe(0);
    writeFileSync(file, text.replace("x[id.x] * x[id.x]", "x[id.x]"));
    const wrong = await run("node squares.mjs");
    expect(wrong.output).toContain("expectClose: elements must agree");
  });

  it("has the benchmark: npx gradgpu bench", async () => {
    const only = "--engines gradgpu-cpu";
    const { code, output } = await run(`npx gradgpu bench --smoke ${only} --json bench.json`);
    expect(code, output).toBe(0);
    const report = JSON.parse(readFileSync(join(folder, "bench.json"), "utf8"));
    expect(report.rows.length).toBeGreaterThan(0);
    expect(report.isComplete).toBe(true);
    expect(readFileSync(join(folder, "bench.html"), "utf8")).toContain("gradgpu benchmarks");
    expect((await run("npx gradgpu bench --engines tfjs-wasm")).output).toContain(
      "gradgpu's repository",
    );
    expect((await run("npx gradgpu train")).code).toBe(2);
  });
});
