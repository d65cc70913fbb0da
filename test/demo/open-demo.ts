import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { createServer, type ViteDevServer } from "vite";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { launchBrowser } from "../support/chrome.ts";

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
  readonly server: ViteDevServer;
}

/** By the browser's flags, of all pages of this process: both take seconds to start. */
const stages = new Map<string, Promise<Stage>>();

async function start(flags: readonly string[]): Promise<Stage> {
  const server = await createServer({
    configFile: fileURLToPath(new URL("../../vite.config.ts", import.meta.url)),
    logLevel: "error",
    optimizeDeps: { noDiscovery: true },
    server: { host: "127.0.0.1", port: 0, watch: null },
  });
  await server.listen();
  return { browser: await launchBrowser(undefined, flags), server };
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

/** The demo page in a profile of its own, served as `npm run demo` serves it, with `query` behind its address. */
export async function openDemo(query: string, flags: readonly string[] = []): Promise<Demo> {
  const key = flags.join(" ");
  const stage = stages.get(key) ?? start(flags);
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
  const address = server.resolvedUrls?.local[0] ?? "";
  const go = async (next: string) => {
    await page.goto(`${address}${next}`);
    await page.waitForSelector("article[data-state=paused], article[data-state=failed]", {
      timeout: 120_000,
    });
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

/** Clicks, as a visitor would, what is marked so. */
export async function press(page: Page, selector: string): Promise<void> {
  await page.locator(selector).click();
}

/** Trains until so many steps have been told, and pauses. */
export async function trainTo(page: Page, step: number): Promise<void> {
  await press(page, "[data-run=play]");
  await page.waitForFunction(
    `Number(document.querySelector("article").dataset.step) >= ${step} || document.querySelector("article[data-state=failed]")`,
    { timeout: 240_000 },
  );
  await press(page, "[data-run=play]");
  await page.waitForSelector("article[data-state=paused]", { timeout: 60_000 });
}
