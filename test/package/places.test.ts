/** Pages that have no bundler, or policies: each as its host serves it. */
import { createHash } from "node:crypto";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBrowser } from "../../src/testing/browser/install.ts";
import { type App, makeApp } from "./support/app.ts";
import { closeBrowser, expectTrained, outcomeAt } from "./support/pages.ts";
import { serveFolder } from "./support/serve.ts";

let app: App;

const html = (...scripts: string[]) => `<!doctype html><title>app</title>${scripts.join("")}`;
const BUNDLED = '<script type="module" src="page.js"></script>';

beforeAll(async () => {
  app = makeApp("esbuild", {
    "options.js": 'globalThis.trainOptions = { workerUrl: "cpu-worker.js" };',
    "src/service-worker.js": `
      import "gradgpu/static";
      import { outcomeOf } from "./train.js";
      addEventListener("message", ({ source, data }) =>
        outcomeOf(data).then((outcome) => source.postMessage(outcome)));
      addEventListener("activate", (event) => event.waitUntil(clients.claim()));`,
    "build.mjs": `
      import { build } from "esbuild";
      const options = { bundle: true, minify: true, outdir: "." };
      await build({ ...options, entryPoints: ["src/page.js"], splitting: true, format: "esm" });
      await build({ ...options, entryPoints: ["src/service-worker.js"], format: "esm" });`,
    "bundled.html": html(BUNDLED),
    "served-worker.html": html('<script src="options.js"></script>', BUNDLED),
    "service-worker.html": html(`<script type="module">
      navigator.serviceWorker.onmessage = ({ data }) => { globalThis.outcome = data; };
      await navigator.serviceWorker.register("service-worker.js", { type: "module" });
      const { active } = await navigator.serviceWorker.ready;
      active.postMessage({ device: "webgpu" });
    </script>`),
    "import-map.html": html(
      `<script type="importmap">${JSON.stringify({
        imports: {
          gradgpu: "./node_modules/gradgpu/dist/index.js",
          ...Object.fromEntries(
            ["nn", "optim", "losses", "metrics", "data", "io"].map((name) => [
              `gradgpu/${name}`,
              `./node_modules/gradgpu/dist/${name}/index.js`,
            ]),
          ),
        },
      })}</script>`,
      '<script type="module" src="src/page.js"></script>',
    ),
    "classic.html": html(
      '<script src="node_modules/gradgpu/dist/classic/gradgpu.global.js"></script>',
      '<script src="classic.js"></script>',
    ),
    "classic.js": `(async () => {
      const { init, io, losses, nn, optim, Trainer } = gradgpu;
      const { device, runtime } = await init({ device: "cpu", seed: 1 });
      const model = nn.linear(2, 2);
      const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer: optim.adam({ learningRate: 0.1 }) });
      const points = { x: [[0, 1], [1, 0]], y: [0, 1] };
      const { epochs, loss: last } = await trainer.fit(points, { epochs: 10, batchSize: 2 });
      const place = io.memory().place("model.safetensors");
      await io.saveModel(model, place);
      const isSame = (await io.loadModel(place)).parameters().length === model.parameters().length;
      await runtime.close();
      return { device, first: epochs[0].loss, last, isSame };
    })().then((outcome) => { globalThis.outcome = outcome; parent.postMessage(outcome, "*"); },
      ({ name, message }) => { globalThis.outcome = { error: name, message }; });`,
    "sandbox.html": html(
      "<script>onmessage = ({ data }) => { globalThis.outcome = data; };</script>",
      '<iframe sandbox="allow-scripts" src="classic.html"></iframe>',
    ),
    "manifest.json": JSON.stringify({
      manifest_version: 3,
      name: "gradgpu",
      version: "1",
      content_security_policy: {
        extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'",
      },
    }),
  });
  await app.run(process.execPath, "build.mjs");
  copyFileSync(
    join(app.folder, "node_modules/gradgpu/dist/classic/cpu-worker.js"),
    join(app.folder, "cpu-worker.js"),
  );
});
afterAll(closeBrowser);

/** What `page` comes to with a policy. */
async function outcomeUnder(page: string, policy?: string): Promise<unknown> {
  const headers = policy === undefined ? {} : { "Content-Security-Policy": policy };
  const server = await serveFolder(app.folder, { headers });
  try {
    return await outcomeAt(server.url + page, 120_000);
  } finally {
    server.close();
  }
}

test("a page with an import map trains", async () => {
  expectTrained(await outcomeUnder("import-map.html"));
});

test("a page of file: trains, by the classic script", async () => {
  expectTrained(await outcomeAt(pathToFileURL(join(app.folder, "classic.html")).href, 120_000));
});

test("a sandboxed frame trains, by the classic script", async () => {
  expectTrained(await outcomeUnder("sandbox.html"));
});

const STRICT = "default-src 'none'; connect-src 'self'; worker-src 'self'";

describe("under a Content-Security-Policy", () => {
  test("of worker-src 'self' and wasm-unsafe-eval a page trains with the worker that it serves", async () => {
    const policy = `${STRICT}; script-src 'self' 'wasm-unsafe-eval'`;
    expectTrained(await outcomeUnder("served-worker.html", policy));
  });

  test("without wasm-unsafe-eval the cpu device is an error that names it", async () => {
    const outcome = await outcomeUnder("served-worker.html", `${STRICT}; script-src 'self'`);
    expect(outcome).toMatchObject({ error: "DeviceUnavailableError" });
    expect((outcome as { message: string }).message).toMatch(
      /'wasm-unsafe-eval'.*script-src.*Content-Security-Policy/,
    );
  });

  test("that requires Trusted Types a page trains", async () => {
    const policy = "require-trusted-types-for 'script'; trusted-types gradgpu";
    expectTrained(await outcomeUnder("bundled.html", policy));
  });
});

test("a service worker trains on WebGPU, with gradgpu/static", async () => {
  expectTrained(await outcomeUnder("service-worker.html"), "webgpu");
});

test("a browser extension's page trains with the worker of its own", async () => {
  // Chromium names an extension that has no key by its path.
  const digest = createHash("sha256").update(app.folder).digest("hex").slice(0, 32);
  const id = [...digest].map((digit) => "abcdefghijklmnop"[Number.parseInt(digit, 16)]).join("");
  const browser = await launch({
    executablePath: await ensureBrowser(),
    pipe: true,
    ignoreDefaultArgs: ["--disable-extensions"],
    args: [
      "--no-sandbox",
      `--disable-extensions-except=${app.folder}`,
      `--load-extension=${app.folder}`,
    ],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`chrome-extension://${id}/served-worker.html`);
    const outcome = await page.waitForFunction("globalThis.outcome", { timeout: 120_000 });
    expectTrained(await outcome.jsonValue());
  } finally {
    await browser.close();
  }
});
