import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type App, makeApp } from "./support/app.ts";
import { closeBrowser, expectTrained, outcomeAt } from "./support/pages.ts";
import { serveFolder } from "./support/serve.ts";

const BASE = "/some/app/";

const files = {
  "index.html": '<!doctype html><script type="module" src="/src/page-with-worker.js"></script>',
  "vite.config.js": `export default { base: "${BASE}" };`,
};

const worker = `
  import { outcomeOf } from "./train.js";
  outcomeOf().then((outcome) => postMessage(outcome));`;

/** They build a worker as one file, unless they are told otherwise. */
const inOneFile = {
  ...files,
  "src/own-worker.js": `import "gradgpu/static";${worker}`,
};

afterAll(closeBrowser);

interface Both {
  readonly page: unknown;
  readonly own: unknown;
}

function expectBoth(outcome: unknown): void {
  const { page, own } = outcome as Both;
  expectTrained(page);
  expectTrained(own);
}

/** Runs `vite` as a server, and gives the address that it names. */
async function serveDev(app: App): Promise<{ url: string; close(): void }> {
  const vite = join(app.folder, "node_modules/vite/bin/vite.js");
  const server = spawn(process.execPath, [vite, "--host", "127.0.0.1", "--port", "0"], {
    cwd: app.folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_ENV: undefined, NO_COLOR: "1" },
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+\S*/.exec(said);
      if (found !== null) resolve(found[0]);
    });
    server.on("exit", (code) => reject(new Error(`vite ended with ${code}: ${said}`)));
  });
  return { url, close: () => server.kill() };
}

const versions = [
  ["vite8", files],
  ["vite7", inOneFile],
  ["vite6", inOneFile],
  ["vite5", inOneFile],
] as const;

describe("gradgpu/worker", () => {
  const remote = {
    ...files,
    "index.html": '<!doctype html><script type="module" src="/src/page-remote.js"></script>',
  };

  test("trains in a worker by one call, in development", async () => {
    const server = await serveDev(makeApp("vite8", remote));
    try {
      expectTrained(await outcomeAt(server.url));
    } finally {
      server.close();
    }
  });

  test("and built", async () => {
    const app = makeApp("vite8", remote);
    await app.run(process.execPath, "node_modules/vite/bin/vite.js", "build");
    const server = await serveFolder(join(app.folder, "dist"), { base: BASE });
    try {
      expectTrained(await outcomeAt(server.url));
    } finally {
      server.close();
    }
  });
});

describe.each(versions)("%s, with a base path", (tool, files) => {
  test("serves a page in development that trains, and so does a worker of its own", async () => {
    const server = await serveDev(makeApp(tool, files));
    try {
      expect(server.url).toContain(BASE);
      expectBoth(await outcomeAt(server.url));
    } finally {
      server.close();
    }
  });

  test("builds one that does", async () => {
    const app = makeApp(tool, files);
    await app.run(process.execPath, "node_modules/vite/bin/vite.js", "build");
    const server = await serveFolder(join(app.folder, "dist"), { base: BASE });
    try {
      expectBoth(await outcomeAt(server.url));
    } finally {
      server.close();
    }
  });
});
