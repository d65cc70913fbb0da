import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { createServer } from "vite";
import { launchBrowser } from "../support/chrome.ts";

export interface Demo {
  readonly page: Page;
  /** Uncaught errors and console errors. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** The demo page, served as `npm run demo` serves it, with `query` behind its address. */
export async function openDemo(query: string, beforeLoad?: string): Promise<Demo> {
  const server = await createServer({
    configFile: fileURLToPath(new URL("../../vite.config.ts", import.meta.url)),
    logLevel: "error",
    optimizeDeps: { noDiscovery: true },
    server: { host: "127.0.0.1", port: 0, watch: null },
  });
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server.close();
  };
  try {
    await server.listen();
    browser = await launchBrowser();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    if (beforeLoad !== undefined) await page.evaluateOnNewDocument(beforeLoad);
    await page.goto(`${server.resolvedUrls?.local[0]}${query}`);
    await page.waitForSelector("body[data-device]");
    return { page, errors, close };
  } catch (error) {
    await close();
    throw error;
  }
}
