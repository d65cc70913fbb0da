/**
 * Chrome for tests: finds it, launches it headless with WebGPU on SwiftShader, serves it pages.
 *
 * A test calls `openPage()` and then `callInPage(page, "/test/browser/some-page.ts", "run")`: the
 * module is served by vite from the repository's root, so pages import `/src/…` as they stand.
 */

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, launch, type Page } from "puppeteer-core";
import { createServer, defaultClientConditions, type ViteDevServer } from "vite";
import { findBrowser } from "../../scripts/browser.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

const FLAGS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  // See src/devices/webgpu/node.ts.
  "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** A headless browser with WebGPU on SwiftShader, its profile in a folder of its own or in `userDataDir`. */
export async function launchBrowser(
  userDataDir?: string,
  flags: readonly string[] = [],
): Promise<Browser> {
  return await launch({
    executablePath: findBrowser(),
    headless: true,
    // Not a socket: the browser ends with the process that opened it, whatever ends that.
    pipe: true,
    args: [...FLAGS, ...flags],
    ...(userDataDir === undefined ? {} : { userDataDir }),
    // A software GPU on a busy machine can keep one call waiting for minutes.
    protocolTimeout: 600_000,
  });
}

export interface ServerOptions {
  /** The folder that is served. Default: the repository's root. */
  readonly root?: string;
  /** Whether the pages are cross-origin isolated. Default true. */
  readonly isolated?: boolean;
}

export interface PageServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves a folder by vite, TypeScript included, on a free port of this machine only. */
export async function servePages(options: ServerOptions = {}): Promise<PageServer> {
  const server: ViteDevServer = await createServer({
    configFile: false,
    root: options.root ?? repository,
    // 404 for what is missing: a page in its place would be a module that does not parse.
    appType: "mpa",
    logLevel: "error",
    resolve: { conditions: ["gradgpu-source", ...defaultClientConditions] },
    // Nothing to pre-bundle, and its cache would be shared by servers that run at once.
    optimizeDeps: { noDiscovery: true },
    server: {
      host: "127.0.0.1",
      port: 0,
      watch: null,
      fs: { allow: [repository] },
      headers:
        options.isolated === false
          ? {}
          : {
              "Cross-Origin-Opener-Policy": "same-origin",
              "Cross-Origin-Embedder-Policy": "require-corp",
            },
    },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (address === null || address === undefined || typeof address === "string") {
    throw new Error("vite did not open a port.");
  }
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

export interface TestPage {
  readonly browser: Browser;
  readonly page: Page;
  /** Uncaught errors, console errors and failed requests, in order. */
  readonly errors: readonly string[];
  /** Ends the page, and the browser if it is the page's own. */
  close(): Promise<void>;
}

export interface PageOptions {
  /** Whether the page is cross-origin isolated. Default true. */
  readonly isolated?: boolean;
  /** Whether it has a browser of its own: for tests that break something of it. Default false. */
  readonly alone?: boolean;
  /** Further flags of a browser of its own. */
  readonly flags?: readonly string[];
}

/** What pages share: a browser takes seconds to start, and a server as long for the first page's modules. */
let browserOfAll: Promise<Browser> | undefined;
const servers = new Map<boolean, Promise<PageServer>>();

function sharedBrowser(): Promise<Browser> {
  browserOfAll ??= launchUntilTheEnd();
  return browserOfAll;
}

/** vitest ends a process by SIGTERM, and half a second later for good: another process clears up behind the browser. */
async function launchUntilTheEnd(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "gradgpu-browser-"));
  const browser = await launchBrowser(profile);
  process.once("SIGTERM", () => {
    browser.process()?.kill("SIGKILL");
    const remove = `setTimeout(() => fs.rmSync(${JSON.stringify(profile)}, { recursive: true, force: true }), 1000)`;
    spawn(process.execPath, ["-e", remove], { detached: true, stdio: "ignore" }).unref();
    process.exit(143);
  });
  return browser;
}

function sharedServer(isolated: boolean): Promise<PageServer> {
  const server = servers.get(isolated) ?? servePages({ isolated });
  servers.set(isolated, server);
  return server;
}

/**
 * An empty page with a profile of its own, of the repository's server, in the browser of this process. `close` ends the
 * page; browser and servers end with the process.
 */
export async function openPage({
  isolated = true,
  alone = false,
  flags = [],
}: PageOptions = {}): Promise<TestPage> {
  const { origin } = await sharedServer(isolated);
  const browser = await (alone ? launchBrowser(undefined, flags) : sharedBrowser());
  const context = await browser.createBrowserContext();
  const close = () => (alone ? browser.close() : context.close());
  try {
    const page = await context.newPage();
    const errors = collectErrors(page);
    await page.goto(`${origin}/test/support/blank.html`);
    return { browser, page, errors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function collectErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => {
    errors.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  });
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("requestfailed", (request) => {
    errors.push(`${request.url()}: ${request.failure()?.errorText ?? "failed"}`);
  });
  return errors;
}

/**
 * Calls an exported function of a module inside the page and returns what it returns, as JSON.
 * The call travels as text because vitest rewrites `import()` inside functions it has loaded.
 */
export async function callInPage(
  page: Page,
  modulePath: string,
  exportName: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const parameters = args.map((arg) => JSON.stringify(arg)).join(", ");
  return await page.evaluate(
    `import(${JSON.stringify(modulePath)}).then((module) => module[${JSON.stringify(exportName)}](${parameters}))`,
  );
}
