/** What docs/ci.md shows of Vitest and Playwright, in a project that has installed the package: green, and red where it must be. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ensureBrowser } from "../../src/testing/browser/install.ts";
import { type App, makeApp } from "./support/app.ts";
import { ciBlock } from "./support/ci-page.ts";
import { repository, type Tool } from "./support/tools.ts";

const SHADER = "src/smooth.wgsl.ts";
const exampleOf = (name: string) => readFileSync(join(repository, "examples/ci", name), "utf8");
/** Code of a user's own: no word of gradgpu. */
const code = { [SHADER]: exampleOf(SHADER), "src/smooth.ts": exampleOf("src/smooth.ts") };

/** What a run of tests comes to that must be red. */
async function failureOf(running: Promise<string>): Promise<string> {
  const error: unknown = await running.then(
    (said) => `it was green: ${said}`,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return (error as Error).message;
}

function breakShader({ folder }: App): void {
  const wrong = code[SHADER]?.replace("0.5 * x[i]", "0.51 * x[i]") ?? "";
  expect(wrong).not.toBe(code[SHADER]);
  writeFileSync(join(folder, SHADER), wrong);
}

/** A browser whose pages get SwiftShader's adapter, whatever they are started with. */
async function softwareBrowser({ folder }: App): Promise<string> {
  const file = join(folder, "browser.sh");
  const flags = '"$@" --use-webgpu-adapter=swiftshader';
  writeFileSync(file, `#!/bin/sh\nexec "${await ensureBrowser()}" ${flags}\n`);
  chmodSync(file, 0o755);
  return file;
}

const vitests = {
  vitest4: process.execPath,
  vitest5: "node_modules/node/bin/node",
} as const satisfies Partial<Record<Tool, string>>;

describe.each(Object.entries(vitests))("%s", (tool, node) => {
  const projectOf = (place: string, changed = (config: string) => config) =>
    makeApp(tool as Tool, {
      ...code,
      "vitest.config.ts": changed(ciBlock(`vitest.config.ts ${place}`)),
      "test/smooth.test.ts": ciBlock("test/smooth.test.ts"),
    });
  const run = (app: App, ...args: string[]) =>
    app.run(node, "node_modules/vitest/vitest.mjs", "run", "--no-color", ...args);

  test("has pages with WebGPU by three lines, and is red where the shader is wrong", async () => {
    const app = projectOf("in a browser");
    expect(await run(app)).toMatch(/chromium.*test\/smooth\.test\.ts[\s\S]*Tests +1 passed/);
    breakShader(app);
    const said = await failureOf(run(app));
    expect(said).toContain("expectClose: elements must agree");
    expect(said).toContain("difference  allowed");
  });

  test("runs the same test in Node and in a browser, as two projects", async () => {
    const said = await run(projectOf("in both"));
    expect(said).toMatch(/node.*test\/smooth\.test\.ts/);
    expect(said).toMatch(/browser \(chromium\).*test\/smooth\.test\.ts/);
    expect(said).toMatch(/Tests +2 passed/);
  });

  test("is red where there is no such adapter, before a test runs", async () => {
    const app = projectOf("in a browser", (config) =>
      config.replace('in: "browser"', 'in: "browser", adapter: "hardware"'),
    );
    writeFileSync(
      join(app.folder, "run.sh"),
      `PUPPETEER_EXECUTABLE_PATH=${await softwareBrowser(app)} exec "$@"`,
    );
    const args = ["run.sh", node, "node_modules/vitest/vitest.mjs", "run"];
    expect(await failureOf(app.run("sh", ...args))).toMatch(
      /launchOptions: there must be a hardware adapter; got (none|swiftshader, software) in .*browser\.sh/,
    );
  });
});

test("gpuTests leaves what the configuration says itself", async () => {
  const app = makeApp("vitest4", {
    "vitest.config.ts": ciBlock("vitest.config.ts in Node").replace(
      "plugins:",
      'test: { testTimeout: 100, env: { GRADGPU_TEST_ADAPTER: "software" } }, plugins:',
    ),
    "test/late.test.ts": `
      import { expect, test } from "vitest";
      test("asks for what it was told", async () => {
        const { info } = await navigator.gpu.requestAdapter();
        expect(info.architecture).toBe("swiftshader");
      }, 60_000);
      test("takes too long", () => new Promise((resolve) => setTimeout(resolve, 5000)));`,
  });
  const args = ["node_modules/vitest/vitest.mjs", "run", "--no-color"];
  const said = await failureOf(app.run(process.execPath, ...args));
  expect(said).toMatch(/Tests +1 failed \| 1 passed/);
  expect(said).toContain("Test timed out in 100ms");
});

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no port"));
        else resolve(address.port);
      });
    });
  });
}

describe("Playwright", () => {
  const project = async (changed = (config: string) => config) =>
    makeApp("playwright", {
      ...code,
      "index.html": '<!doctype html><title>app</title><link rel="icon" href="data:,">',
      "playwright.config.mts": changed(
        ciBlock("playwright.config.mts").replaceAll("5173", String(await freePort())),
      ),
      "test/smooth.spec.ts": ciBlock("test/smooth.spec.ts"),
    });
  const run = (app: App) => app.run("node_modules/.bin/playwright", "test", "--reporter=line");

  test("has pages with WebGPU, and is red where the shader is wrong", async () => {
    const app = await project();
    expect(await run(app)).toContain("1 passed");
    breakShader(app);
    const said = await failureOf(run(app));
    expect(said).toContain("expectClose: elements must agree");
    expect(said).toContain("1 failed");
  });

  test("is red where there is no such adapter, before a test runs", async () => {
    const app = await project((config) => config);
    const wish = `launchOptions({ adapter: "hardware", executablePath: "${await softwareBrowser(app)}" })`;
    const config = join(app.folder, "playwright.config.mts");
    writeFileSync(config, readFileSync(config, "utf8").replace("launchOptions()", wish));
    expect(await failureOf(run(app))).toMatch(
      /launchOptions: there must be a hardware adapter; got (none|swiftshader, software) in .*browser\.sh/,
    );
  });
});
