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
});

describe("Jest on CommonJS", () => {
  test("trains", async () => {
    const app = makeApp("jest", {
      "train.test.js": `
        const { outcomeOf } = require("./src/train.cjs");
        test("trains", async () => {
          const outcome = await outcomeOf();
          expect(outcome).toMatchObject({ device: "cpu", isSame: true });
          expect(outcome.last).toBeLessThan(outcome.first);
        }, 120_000);`,
    });
    await app.run(
      process.execPath,
      "node_modules/jest/bin/jest.js",
      "--rootDir=.",
      "--watchman=false",
      "train.test.js",
    );
  });
});

describe.each(["deno", "bun"] as const)("%s", (host) => {
  test("trains", async () => {
    const app = makeApp(host);
    const binary = join(app.folder, "node_modules/.bin", host);
    const args = host === "deno" ? ["run", "--allow-all", "--node-modules-dir=manual"] : ["run"];
    const said = await app.run(binary, ...args, "src/node.js");
    expectTrained(JSON.parse(said.trim().split("\n").at(-1) ?? ""));
  });
});
