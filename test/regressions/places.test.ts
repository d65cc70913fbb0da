/** Places with policies: what they refuse is either done another way or named in the error. */
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { workerSource } from "../../src/devices/cpu/generated/worker.ts";
import { START_MS } from "../../src/testing/browser/launch.ts";
import type { Answer } from "../browser/places-page.ts";
import { launchBrowser, type PageServer } from "../support/chrome.ts";
import { bundleForWeb, type ServedFile, serveWithPolicies } from "../support/policy-server.ts";

const SUM = [2, 3, 4];
const isolated = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const TRUSTED = "require-trusted-types-for 'script'";

const module = '<script type="module" src="/places-page.js"></script>';

/** A page that has a Content-Security-Policy and a script that sets `compute`. */
const page = (policy: string, html = module, headers = {}): ServedFile => ({
  body: `<!doctype html><title>page</title>${html}`,
  headers: { "Content-Security-Policy": policy, ...headers },
});

const SCRIPTS = "script-src 'self' 'wasm-unsafe-eval'";

let browser: Browser;
let server: PageServer;

beforeAll(async () => {
  const [modules, classic] = await Promise.all([
    bundleForWeb(["places-page", "places-static"], "esm"),
    bundleForWeb(["places-static"], "iife"),
  ]);
  server = await serveWithPolicies({
    ...modules,
    "/classic.js": classic["/places-static.js"] ?? { body: "" },
    "/cpu-worker.js": { body: workerSource, headers: isolated },
    "/other-version.js": {
      body: workerSource.replace(/stamp:"\w+"/, 'stamp:"of another version"'),
    },
    "/free.html": page("default-src * data: blob: 'unsafe-inline' 'unsafe-eval'"),
    "/workers-of-self.html": page(`${SCRIPTS}; worker-src 'self'`),
    "/workers-of-self-isolated.html": page(`${SCRIPTS}; worker-src 'self'`, module, isolated),
    "/no-wasm.html": page("script-src 'self'; worker-src blob:"),
    "/trusted.html": page(`${TRUSTED}; trusted-types gradgpu`),
    "/trusted-any.html": page(TRUSTED),
    "/trusted-others.html": page(`${TRUSTED}; trusted-types app`),
    "/named-only.html": page("trusted-types app"),
    "/sandboxed.html": page(
      "default-src *",
      '<iframe sandbox="allow-scripts" src="/frame-of-sandbox.html"></iframe>',
    ),
    "/frame-of-sandbox.html": {
      body: '<!doctype html><title>frame</title><script src="/classic.js"></script>',
    },
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** What `code` gives in the page, or in its frame. */
async function ask(path: string, code: string, inFrame = false): Promise<Answer> {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(START_MS);
  try {
    await tab.goto(server.origin + path, { waitUntil: "load" });
    const target = inFrame ? tab.frames()[1] : tab;
    if (target === undefined) throw new Error("the page has no frame.");
    return (await target.evaluate(code)) as Answer;
  } finally {
    await tab.close();
  }
}

const byName = `compute({ device: "cpu", threads: 2 })`;
const served = `compute({ device: "cpu", threads: 2, workerUrl: "/cpu-worker.js" })`;

describe("worker-src without blob:", () => {
  test("refuses the worker by a typed error that names the directive and workerUrl", async () => {
    const { error, message } = await ask("/workers-of-self.html", byName);
    expect(error).toBe("DeviceUnavailableError");
    expect(message).toMatch(/worker-src.*workerUrl/);
  });

  test("takes the worker that the page serves", async () => {
    expect((await ask("/workers-of-self.html", served)).values).toEqual(SUM);
    const url = `compute({ device: "cpu", workerUrl: new URL("/cpu-worker.js", location.href) })`;
    expect((await ask("/workers-of-self.html", url)).values).toEqual(SUM);
  });

  test("takes it with threads on a cross-origin isolated page", async () => {
    const { values, description } = await ask("/workers-of-self-isolated.html", served);
    expect(values).toEqual(SUM);
    expect(description).toContain("2 threads");
  });

  test.each([
    ["is missing", "/missing.js", "could not be loaded"],
    ["lies elsewhere", "https://127.0.0.1:1/cpu-worker.js", "127.0.0.1:1"],
    ["is of another version", "/other-version.js", "another version"],
  ])("says so where the served worker %s", async (_, url, said) => {
    const code = `compute({ device: "cpu", workerUrl: ${JSON.stringify(url)} })`;
    const { error, message } = await ask("/workers-of-self.html", code);
    expect(error).toBe("DeviceUnavailableError");
    expect(message).toContain(said);
    expect(message).toContain("gradgpu/cpu-worker.js");
  });
});

test("a page without 'wasm-unsafe-eval' is told that the cpu device needs it", async () => {
  const { error, message } = await ask("/no-wasm.html", byName);
  expect(error).toBe("DeviceUnavailableError");
  expect(message).toContain("init: the cpu device must be allowed to compile WebAssembly; got ");
  expect(message).toMatch(/'wasm-unsafe-eval'.*script-src.*Content-Security-Policy/);
});

describe("Trusted Types", () => {
  test.each(["/trusted.html", "/trusted-any.html"])(
    "%s starts a worker, and another",
    async (path) => {
      const twice = `compute({ device: "cpu" }).then(() => compute({ device: "cpu" }))`;
      expect((await ask(path, twice)).values).toEqual(SUM);
    },
  );

  test("a page that allows other policies only is told which directive is missing", async () => {
    const { error, message } = await ask("/trusted-others.html", byName);
    expect(error).toBe("DeviceUnavailableError");
    expect(message).toContain(
      "init: the page's Trusted Types must let the cpu device start its worker; got ",
    );
    expect(message).toContain("trusted-types gradgpu");
  });

  test("that page may hand in the address as a TrustedScriptURL", async () => {
    const code = `compute({ device: "cpu", workerUrl: trustedTypes
      .createPolicy("app", { createScriptURL: (url) => url }).createScriptURL("/cpu-worker.js") })`;
    expect((await ask("/trusted-others.html", code)).values).toEqual(SUM);
  });

  test("a policy that is refused does not matter where none is required", async () => {
    expect((await ask("/named-only.html", byName)).values).toEqual(SUM);
  });
});

test("a sandboxed frame of an opaque origin computes on the cpu device", async () => {
  expect((await ask("/sandboxed.html", "origin", true)) as unknown).toBe("null");
  const { values } = await ask("/sandboxed.html", `computeBy("/compute/cpu")`, true);
  expect(values).toEqual(SUM);
});

describe("a service worker, which refuses import()", () => {
  const through = (path: string, type: "module" | "classic", script: string) =>
    ask(
      "/free.html",
      `(async () => {
        const claimed = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
        await navigator.serviceWorker.register("${script}", { type: "${type}" });
        if (!navigator.serviceWorker.controller) await claimed;
        return (await fetch("${path}")).json();
      })()`,
    );

  test("computes on the webgpu device that it imported statically", async () => {
    const { values, description } = await through("/compute/webgpu", "module", "/places-static.js");
    expect(values).toEqual(SUM);
    expect(description).toContain("software");
  });

  test("is told of the static import where a device is named by a string", async () => {
    const { error, message } = await through("/compute/dynamic", "module", "/places-static.js");
    expect(error).toBe("DeviceUnavailableError");
    expect(message).toContain("init: the module of the webgpu device must load; got ");
    expect(message).toContain('import { webgpu } from "gradgpu/devices/webgpu"');
  });

  test("is told that the cpu device needs workers, which it has none of", async () => {
    const { error, message } = await through("/compute/cpu", "module", "/places-static.js");
    expect(error).toBe("DeviceUnavailableError");
    expect(message).toContain("service worker");
  });
});
