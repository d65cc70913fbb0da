/** The page of `npm run bench:site` as a visitor uses it: choose, measure, stop, save, compare. */
import { mkdtempSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseReport } from "../../bench/compare/compare.ts";
import { buildSite, writeFacts } from "../../bench/runner/build.ts";
import { ENGINES } from "../../bench/runner/engines.ts";
import { type FileServer, serveFiles } from "../../bench/runner/serve.ts";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { launchBrowser } from "../support/chrome.ts";

const folder = mkdtempSync(join(tmpdir(), "gradgpu-bench-site-"));
let server: FileServer;
let browser: Browser;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  const site = join(folder, "site");
  const { module } = ENGINES["gradgpu-cpu"];
  if (module === undefined) throw new Error("gradgpu-cpu has no module for pages.");
  expect([...(await buildSite(site, [module]))]).toEqual([]);
  writeFacts(site, ["gradgpu-cpu", "gradgpu-webgpu"]);
  server = await serveFiles({ "/": site });
  browser = await launchBrowser();
  page = await browser.newPage();
  page.setDefaultTimeout(START_MS);
  page.on("pageerror", (error) => errors.push(String(error)));
  const session = await page.createCDPSession();
  const downloads = { behavior: "allow", downloadPath: folder } as const;
  await session.send("Browser.setDownloadBehavior", downloads);
  await page.goto(server.origin);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const statusText = () => page.$eval("#status", (element) => element.textContent ?? "");
const reportText = () => page.$eval("#report", (element) => element.textContent ?? "");

test("measures what was chosen, beside other machines, until it is told to stop", async () => {
  await expect
    .poll(() => page.$eval("#setting", (setting) => setting.textContent), { timeout: START_MS })
    .toMatch(/GPU: .+CPU: \d+ threads/);
  const only = ["steps", "gradgpu-cpu"];
  for (const box of await page.$$("#choice input[type=checkbox]")) {
    const [name, isChecked] = await box.evaluate((input) => {
      const { value, checked } = input as HTMLInputElement;
      return [value, checked] as const;
    });
    if (isChecked !== only.includes(name)) await box.click();
  }
  await page.select("select[name=rounds]", "3");
  await page.click("button[type=submit]");
  await expect.poll(reportText, { timeout: START_MS }).toContain("cnn-train-b64");
  await page.click("#stop");
  await expect.poll(statusText, { timeout: START_MS }).toBe("Done.");
  expect(await reportText()).toContain("Other machines");
});

test("saves the run as a file, and takes one to compare with", async () => {
  await page.click("#save");
  const saved = async () =>
    (await readdir(folder)).find((name) => /^gradgpu-bench-.*json$/.test(name));
  await expect.poll(saved, { timeout: START_MS }).toBeDefined();
  const file = join(folder, (await saved()) ?? "");
  const report = parseReport(await readFile(file, "utf8"), file);
  expect(report).toMatchObject({ runner: "page", rounds: 3, isComplete: false });
  expect(report.rows[0]).toMatchObject({
    case: "cnn-train-b64",
    engine: "gradgpu-cpu",
    outcome: "measured",
  });
  const open = (await page.$("#open")) as ElementHandle<HTMLInputElement>;
  await open.uploadFile(file);
  await expect.poll(statusText, { timeout: START_MS }).toBe("1 more to compare with.");
  expect(errors).toEqual([]);
});
