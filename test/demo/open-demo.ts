import type { Browser, Page } from "puppeteer-core";
import { createServer, preview } from "vite";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { launchBrowser } from "../support/chrome.ts";
import { builtFolder, demoConfig } from "./built.ts";

export interface Demo {
  readonly page: Page;
  /** Uncaught errors and console errors. */
  readonly errors: readonly string[];
  /** The page's address, without a query. */
  readonly address: string;
  /** Loads the page with another query, in the same profile, and waits until its training is open. */
  go(query: string): Promise<void>;
  close(): Promise<void>;
}

interface Stage {
  readonly browser: Browser;
  readonly server: DemoServer;
}

interface DemoServer {
  readonly address: string;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** The browser's. */
  readonly flags?: readonly string[];
  /**
   * "built" once by this process, or its "sources", as `npm run demo` serves them: 250 modules for each page that is
   * opened, and as many for its worker, which take 2.5 s more of the processors. Default "built".
   */
  readonly served?: "built" | "sources";
}

/** By the browser's flags and what is served, of all pages of this process: both take seconds to start. */
const stages = new Map<string, Promise<Stage>>();

async function start(flags: readonly string[], served: "built" | "sources"): Promise<Stage> {
  const server = await (served === "built" ? serveBuilt() : serveSources());
  return { browser: await launchBrowser(undefined, flags), server };
}

async function serveSources(): Promise<DemoServer> {
  const server = await createServer({
    configFile: demoConfig,
    logLevel: "error",
    optimizeDeps: { noDiscovery: true },
    server: { host: "127.0.0.1", port: 0, watch: null },
  });
  await server.listen();
  return { address: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}

async function serveBuilt(): Promise<DemoServer> {
  const server = await preview({
    configFile: demoConfig,
    logLevel: "error",
    build: { outDir: await builtFolder() },
    preview: { host: "127.0.0.1", port: 0 },
  });
  return { address: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}

/** Ends browsers and servers: behind the last test of a file. */
export async function endDemos(): Promise<void> {
  for (const stage of stages.values()) {
    const { browser, server } = await stage;
    await browser.close();
    await server.close();
  }
  stages.clear();
}

/** The demo page in a profile of its own, with `query` behind its address. */
export async function openDemo(
  query: string,
  { flags = [], served = "built" }: DemoOptions = {},
): Promise<Demo> {
  const key = [served, ...flags].join(" ");
  const stage = stages.get(key) ?? start(flags, served);
  stages.set(key, stage);
  const { browser, server } = await stage;
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  // Beside other tests a page waits for the processor longer than the half minute that puppeteer gives it.
  page.setDefaultTimeout(START_MS);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  const { address } = server;
  const go = async (next: string) => {
    await page.goto(`${address}${next}`);
    await page.waitForSelector("article[data-state=paused], article[data-state=failed]");
  };
  await go(query);
  return { page, errors, address, go, close: () => context.close() };
}

/** The data attributes of the panel's frame, and of the body. */
export async function stateOf(page: Page): Promise<Readonly<Record<string, string | undefined>>> {
  const found = await page.evaluate(
    `({ ...document.body.dataset, ...document.querySelector("article").dataset })`,
  );
  // Data attributes are texts.
  return found as Record<string, string | undefined>;
}

/**
 * Clicks, as a visitor would, what is marked so. While it trains the page grows, and may slip away under the pointer: what was
 * missed is pressed again.
 */
export async function press(page: Page, selector: string): Promise<void> {
  // As text: tsx, which runs scripts that use this, names inner functions by a helper that a page has not.
  const heard = await page.evaluateHandle(`(() => {
    const clicks = { isHit: false };
    const note = ({ target }) => {
      clicks.isHit ||= target instanceof Element && target.closest(${JSON.stringify(selector)}) !== null;
      if (clicks.isHit) document.removeEventListener("click", note, true);
    };
    document.addEventListener("click", note, true);
    return clicks;
  })()`);
  do await page.locator(selector).click();
  while (!(await heard.evaluate((clicks) => (clicks as { isHit: boolean }).isHit)));
  await heard.dispose();
}

/** Trains until so many steps have been told, and pauses. */
export async function trainTo(page: Page, step: number): Promise<void> {
  await press(page, "[data-run=play]");
  await page.waitForFunction(
    `Number(document.querySelector("article").dataset.step) >= ${step} || document.querySelector("article[data-state=failed]")`,
    { timeout: 240_000 },
  );
  await press(page, "[data-run=play]");
  await page.waitForSelector("article[data-state=paused]");
}
