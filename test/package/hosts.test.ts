import { join } from "node:path";
import { describe, test } from "vitest";
import { makeApp } from "./support/app.ts";
import { expectTrained } from "./support/pages.ts";

const CJS = `
  const { outcomeOf } = require("./train.cjs");
  outcomeOf().then((outcome) => console.log(JSON.stringify(outcome)));
`;

describe("Node", () => {
  test("trains by import", async () => {
    const app = makeApp("none");
    expectTrained(JSON.parse(await app.run(process.execPath, "src/node.js")));
  });

  test("trains by require", async () => {
    const app = makeApp("none", { "src/node.cjs": CJS });
    expectTrained(JSON.parse(await app.run(process.execPath, "src/node.cjs")));
  });

  test("trains in a worker by one call", async () => {
    const app = makeApp("none");
    expectTrained(JSON.parse(await app.run(process.execPath, "src/node-remote.js")));
  });
});

const JEST = `
  const { outcomeOf } = require("./src/train.cjs");
  // Jest's jsdom has neither, and files are written and read with them.
  test("has no more than its environment gives it", () => {
    const isSimulated = typeof document === "object";
    expect(typeof TextEncoder === "undefined").toBe(isSimulated);
    expect(typeof MessageChannel === "undefined").toBe(isSimulated);
  });
  test("trains", async () => {
    const outcome = await outcomeOf();
    expect(outcome).toMatchObject({ device: "cpu", isSame: true });
    expect(outcome.last).toBeLessThan(outcome.first);
  }, 120_000);`;

describe.each(["node", "jsdom"])("Jest on CommonJS, with the environment %s", (environment) => {
  test("trains", async () => {
    const app = makeApp("jest", { "train.test.js": JEST });
    await app.run(
      process.execPath,
      "node_modules/jest/bin/jest.js",
      "--rootDir=.",
      "--watchman=false",
      `--env=${environment}`,
      "--testPathPatterns=train.test.js",
    );
  });
});

describe("Vitest with the environment jsdom", () => {
  test("trains", async () => {
    const app = makeApp("jsdom", {
      "train.test.js": `
        import { expect, test } from "vitest";
        import { outcomeOf } from "./src/train.js";
        test("trains", async () => {
          expect(document.body).toBeDefined();
          const outcome = await outcomeOf();
          expect(outcome).toMatchObject({ device: "cpu", isSame: true });
          expect(outcome.last).toBeLessThan(outcome.first);
        }, 120_000);`,
    });
    const args = ["run", "--environment=jsdom", "train.test.js"];
    await app.run(process.execPath, "node_modules/vitest/vitest.mjs", ...args);
  });
});

describe.each(["deno", "bun"] as const)("%s", (host) => {
  test("trains", async () => {
    expectTrained(await outcomeIn(host, "src/node.js"));
  });

  test("trains in a worker by one call", async () => {
    expectTrained(await outcomeIn(host, "src/node-remote.js"));
  });
});

async function outcomeIn(host: "deno" | "bun", program: string): Promise<unknown> {
  const app = makeApp(host);
  const binary = join(app.folder, "node_modules/.bin", host);
  const args = host === "deno" ? ["run", "--allow-all", "--node-modules-dir=manual"] : ["run"];
  const said = await app.run(binary, ...args, program);
  return JSON.parse(said.trim().split("\n").at(-1) ?? "");
}
