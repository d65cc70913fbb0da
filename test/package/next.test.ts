/** Next.js: a client component that trains, and a worker of its own; built, and served by `next start`. */
import { spawn } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { type App, makeApp } from "./support/app.ts";
import { closeBrowser, expectTrained, outcomeAt } from "./support/pages.ts";

const files = {
  "app/layout.js": `
    export default function Layout({ children }) {
      return <html><body>{children}</body></html>;
    }`,
  "app/page.js": `
    import { Training } from "./training";
    export default function Page() {
      return <Training />;
    }`,
  "app/training.js": `
    "use client";
    import { useEffect, useState } from "react";
    import { outcomeOf } from "../src/train.js";
    export function Training() {
      const [outcome, setOutcome] = useState();
      useEffect(() => {
        const worker = new Worker(new URL("../src/own-worker.js", import.meta.url), { type: "module" });
        const own = new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); });
        void outcomeOf().then(async (page) => {
          globalThis.outcome = { page, own: await own };
          setOutcome(page);
        });
      }, []);
      return <p>{outcome === undefined ? "training" : "trained: " + outcome.last}</p>;
    }`,
};

const binary = "node_modules/next/dist/bin/next";

afterAll(closeBrowser);

async function serveBuilt(app: App): Promise<{ url: string; close(): void }> {
  const server = spawn(process.execPath, [binary, "start", "-H", "127.0.0.1", "-p", "0"], {
    cwd: app.folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" },
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found !== null && said.includes("Ready")) resolve(found[0]);
    });
    server.on("exit", (code) => reject(new Error(`next ended with ${code}: ${said}`)));
  });
  return { url, close: () => server.kill() };
}

test("a client component trains, and so does a worker of its own", async () => {
  const app = makeApp("next", files);
  await app.run(process.execPath, binary, "build");
  const server = await serveBuilt(app);
  try {
    const { page, own } = (await outcomeAt(server.url)) as Record<string, unknown>;
    expectTrained(page);
    expectTrained(own);
    // What the server rendered before anything ran.
    expect(await (await fetch(server.url)).text()).toContain("training");
  } finally {
    server.close();
  }
});
