/**
 * Chrome for our own tests: one browser and one server a process, on SwiftShader (src/testing/browser).
 *
 * A test calls `openPage()` and then `callInPage(page, "/test/browser/some-page.ts", "run")`: the
 * module is served by vite from the repository's root, so pages import `/src/…` as they stand.
 */

import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { defaultClientConditions } from "vite";
import { launchBrowser as launch, START_MS } from "../../src/testing/browser/launch.ts";
import { openTestPage } from "../../src/testing/browser/open.ts";
import { type PageServer, servePages as serve } from "../../src/testing/browser/serve.ts";

export { callInPage } from "../../src/testing/browser/page.ts";
export type { PageServer } from "../../src/testing/browser/serve.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A headless browser with WebGPU on SwiftShader, its profile in a folder of its own or in `userDataDir`. */
export function launchBrowser(
  userDataDir?: string,
  flags: readonly string[] = [],
): Promise<Browser> {
  return launch({ flags, ...(userDataDir !== undefined && { userDataDir }) });
}

export interface ServerOptions {
  /** The folder that is served. Default: the repository's root. */
  readonly root?: string;
  /** Whether the pages are cross-origin isolated. Default true. */
  readonly isolated?: boolean;
}

/** Serves a folder by vite, sources of gradgpu as they stand, on a free port of this machine only. */
export function servePages(options: ServerOptions = {}): Promise<PageServer> {
  return serve({
    root: repository,
    ...options,
    vite: {
      configFile: false,
      resolve: { conditions: ["gradgpu-source", ...defaultClientConditions] },
      server: { fs: { allow: [repository] } },
    },
  });
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
  const end = () => (alone ? browser.close() : Promise.resolve());
  try {
    const opened = await openTestPage(browser, `${origin}/test/support/blank.html`);
    const { page, errors } = opened;
    // Of what is waited for on it: beside other tests more than the half minute that puppeteer gives it.
    page.setDefaultTimeout(START_MS);
    return { browser, page, errors, close: () => (alone ? end() : opened.close()) };
  } catch (error) {
    await end();
    throw error;
  }
}
