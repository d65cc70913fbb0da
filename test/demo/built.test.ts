import { afterAll, beforeAll, expect, test } from "vitest";
import { panelNames } from "../../demo/panels.ts";
import { openPage, type TestPage } from "../support/chrome.ts";
import { type BuiltDemo, buildDemo } from "./built.ts";
import { stateOf, trainTo } from "./open-demo.ts";

let demo: BuiltDemo;
let chrome: TestPage;
beforeAll(async () => {
  demo = await buildDemo();
  chrome = await openPage();
});
afterAll(async () => {
  await chrome?.close();
  await demo?.close();
});

test("the built page isolates itself on a host that sends no headers, and trains", async () => {
  const { page, errors } = chrome;
  await page.goto(`${demo.address}?panel=digits&device=cpu&pace=full`);
  await page.waitForFunction(
    "crossOriginIsolated && document.querySelector('article[data-state=paused]')",
  );
  expect(await page.$eval("#device", (device) => device.textContent)).toMatch(/\d+ threads/);
  await trainTo(page, 5);
  expect((await stateOf(page)).state).toBe("paused");
  expect(errors).toEqual([]);
});

test.each(panelNames)(
  "what a visitor of %s loads is under 300 KB gzipped, without data",
  async (panel) => {
    const { page } = chrome;
    demo.taken();
    await page.goto(`${demo.address}?panel=${panel}&device=cpu`);
    await page.waitForSelector("article[data-state=paused]");
    const files = [...demo.taken()].filter(([name]) => !name.startsWith("data/"));
    const bytes = files.reduce((sum, [, size]) => sum + size, 0);
    console.log(`demo, ${panel}: ${bytes} bytes gzipped in ${files.length} files`);
    expect(files.length).toBeGreaterThan(3);
    expect(bytes).toBeLessThan(300_000);
  },
);
