/** Pages of apps in the browser of this process, which sets `outcome` when it has trained. */
import type { Browser } from "puppeteer-core";
import { expect } from "vitest";
import { launchBrowser } from "../../support/chrome.ts";

let browser: Promise<Browser> | undefined;

/** Closed by `closeBrowser`. */
export function sharedBrowser(): Promise<Browser> {
  browser ??= launchBrowser();
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** What the page at `url` sets as `globalThis.outcome`. @throws Error with what the page complained of */
export async function outcomeAt(url: string, timeoutMs = 60_000): Promise<unknown> {
  const page = await (await sharedBrowser()).newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`));
  page.on("response", (response) => {
    if (!response.ok()) complaints.push(`${response.url()}: ${response.status()}`);
  });
  try {
    await page.goto(url, { waitUntil: "load" });
    // Vite's dev server may have the page loaded again.
    const handle = await page.waitForFunction("globalThis.outcome", { timeout: timeoutMs });
    return await handle.jsonValue();
  } catch (error) {
    throw new Error(`${url}: ${String(error)}\n${complaints.join("\n")}`);
  } finally {
    await page.close();
  }
}

/** That a training has happened, on `device`. */
export function expectTrained(outcome: unknown, device = "cpu"): void {
  expect(outcome).toMatchObject({ device, isSame: true });
  const { first, last } = outcome as { first: number; last: number };
  expect(last).toBeLessThan(first);
}
