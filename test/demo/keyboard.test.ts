/** The page by keys alone: every place is reached in order, seen to be reached, and used; and what is still where motion is reduced. */
import type { KeyInput, Page } from "puppeteer-core";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { panelNames } from "../../demo/panels.ts";
import { START_MS } from "../../src/testing/browser/launch.ts";
import { settled } from "./controls.ts";
import { press as click, type Demo, endDemos, openDemo, stateOf } from "./open-demo.ts";

let demo: Demo | undefined;
afterEach(async () => {
  expect(demo?.errors ?? []).toEqual([]);
  await demo?.close();
  demo = undefined;
});
afterAll(endDemos);

const QUERY = "lang=en&device=cpu&pace=full";

interface Stop {
  /** With its place among all elements that can be focused, in the document's order. */
  readonly name: string;
  readonly label: string;
  /** Whether a ring is drawn around it, or around the button that it is a part of. */
  readonly hasRing: boolean;
  readonly isInView: boolean;
}

describe.each(panelNames)("the panel of %s by the Tab key", (panel) => {
  test("leads through every place in the order of the page, and shows where one is", async () => {
    demo = await openDemo(`?panel=${panel}&${QUERY}`);
    const { page } = demo;
    await page.evaluate(
      `document.querySelectorAll("details").forEach((one) => { one.open = true; })`,
    );
    await page.waitForFunction(
      `[...document.querySelectorAll(".code pre")].every((one) => one.textContent !== "")`,
    );
    // What is seen for the first time is asked for, and some places come with the answers.
    const viewport = page.viewport();
    await page.setViewport({ width: viewport?.width ?? 800, height: 9000 });
    await settled(page);
    await page.setViewport(viewport);
    const places = await placesOf(page);
    const stops: Stop[] = [];
    for (let i = 0; i < places.length; i++) {
      await page.keyboard.press("Tab");
      stops.push(await stopOf(page));
    }
    expect(stops.map(({ name }) => name)).toEqual(places);
    expect(stops.filter(({ hasRing }) => !hasRing)).toEqual([]);
    expect(stops.filter(({ isInView }) => !isInView)).toEqual([]);
    // And back, where no place holds one fast.
    for (let i = 1; i < 4; i++) {
      await page.keyboard.down("Shift");
      await page.keyboard.press("Tab");
      await page.keyboard.up("Shift");
      expect((await stopOf(page)).name).toBe(places.at(-1 - i));
    }
  });
});

describe("by keys alone", () => {
  test("a network is trained, a digit drawn, and the filter slid over it", {
    timeout: 300_000,
  }, async () => {
    demo = await openDemo(`?panel=digits&${QUERY}`);
    const { page } = demo;
    // Pad and answer are both in view, as on a desktop.
    await page.setViewport({ width: 1280, height: 1300 });
    // The first place leads over the navigation.
    await press(page, "Tab", "Enter");
    await press(page, "Tab");
    expect((await stopOf(page)).name).toContain("play");
    await press(page, "Enter");
    await page.waitForFunction(`Number(document.querySelector("article").dataset.step) >= 250`, {
      timeout: 240_000,
    });
    await press(page, "Enter");
    await page.waitForSelector("article[data-state=paused]");

    await tabTo(page, "Drawing pad");
    // A 7: from the middle to the upper left, the pen down, to the right, and down to the left.
    await press(page, ...repeat("ArrowUp", 8), ...repeat("ArrowLeft", 6), " ");
    await press(page, ...repeat("ArrowRight", 12));
    for (let i = 0; i < 8; i++) await press(page, "ArrowDown", "ArrowDown", "ArrowLeft");
    await press(page, " ");
    await page.waitForFunction(`document.querySelector("[data-answer]").dataset.answer === "7"`);
    // A pen that is lifted draws nothing.
    const seen = () =>
      page.$eval(".seen canvas", (canvas) => (canvas as unknown as HTMLCanvasElement).toDataURL());
    const before = await settled(page, seen);
    await press(page, ...repeat("ArrowLeft", 5));
    expect(await settled(page, seen)).toBe(before);

    await tabTo(page, "Feature map");
    await page.waitForFunction(`document.querySelector(".sum").textContent !== ""`);
    const sum = () => page.$eval(".sum", (told) => told.textContent ?? "");
    const sums = new Set([await sum()]);
    for (let i = 0; i < 6; i++) {
      await press(page, "ArrowDown");
      sums.add(await sum());
    }
    // It stands on ink now and then.
    expect(sums.size).toBeGreaterThan(3);

    await tabTo(page, "What it takes for what");
    await page.waitForSelector("[data-right]");
    // What the network takes for what most often: on the left side of the table there is nothing further left.
    const { label } = await stopOf(page);
    await press(page, label.includes("taken for a 0.") ? "ArrowRight" : "ArrowLeft");
    expect((await stopOf(page)).label).not.toBe(label);
  });

  test("a unit is picked in the map and followed, and a range of letters marked", async () => {
    demo = await openDemo(`?panel=text&${QUERY}&units=32&window=24`);
    const { page } = demo;
    const legend = () => page.$eval(".legend", (told) => told.textContent ?? "");
    await tabTo(page, "The text that is read");
    await expect.poll(legend, { timeout: START_MS }).toMatch(/unit \d+/);
    for (let i = 0; i < 3; i++) {
      await page.keyboard.down("Shift");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.up("Shift");
    }
    expect(await page.$eval(".found", (told) => told.textContent)).toMatch(/exactly “.{4}”/);
    await tabTo(page, "Letters across");
    const before = await legend();
    await press(page, "ArrowDown", "ArrowDown", "Enter");
    expect(await legend()).not.toBe(before);
  });

  test("panels are changed, and the page begins at the new one's head", async () => {
    demo = await openDemo(`?panel=digits&${QUERY}`);
    const { page } = demo;
    await tabTo(page, "Memory");
    await press(page, "Enter");
    await page.waitForSelector("article[data-panel=memory][data-state=paused]");
    expect(new URL(page.url()).searchParams.get("panel")).toBe("memory");
    await page.goBack();
    await page.waitForSelector("article[data-panel=digits]");
  });
});

describe("where motion is reduced", () => {
  test.each(panelNames)(
    "nothing of %s moves by itself, and no change is animated",
    async (panel) => {
      demo = await openDemo(`?panel=${panel}&${QUERY}`);
      const { page } = demo;
      await page.setViewport({ width: 1280, height: 7000 });
      const moving = () =>
        page.evaluate(`[...document.querySelectorAll("*")].filter((one) => {
        const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(one);
        return parseFloat(transitionDuration) > 0 || animationName !== "none" || scrollBehavior === "smooth";
      }).length`);
      await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "no-preference" }]);
      expect(await moving()).toBeGreaterThan(0);
      await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
      expect(await moving()).toBe(0);

      // Ten steps, and pictures of them; then it is still, film and filter too.
      await click(page, "[data-run=play]");
      await page.waitForFunction(`Number(document.querySelector("article").dataset.step) >= 10`);
      expect(await page.evaluate("document.getAnimations().length")).toBe(0);
      await click(page, "[data-run=play]");
      await page.waitForSelector("article[data-state=paused]");
      await settled(page);
      expect((await stateOf(page)).state).toBe("paused");
    },
  );
});

/** The names of all that can be focused, in the document's order. */
async function placesOf(page: Page): Promise<string[]> {
  const names = await page.evaluate(`(() => {
    ${NAME}
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
      .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility())
      .map((one, at) => { one.dataset.place = at; return nameOf(one); });
  })()`);
  // As it says.
  return names as string[];
}

/** What tells one from another while labels follow the numbers: its place, kind and marks. */
const NAME = `const nameOf = (one) => [one.dataset.place, one.localName, ...Object.values(one.dataset)].join(" ");`;

async function stopOf(page: Page): Promise<Stop> {
  const stop = await page.evaluate(`(async () => {
    ${NAME}
    const one = document.activeElement;
    const bounds = () => (one.closest(".button") ?? one).getBoundingClientRect();
    const isInView = () => bounds().bottom > 0 && bounds().top < innerHeight;
    // It is scrolled to smoothly, on a busy machine behind the next picture.
    for (const end = performance.now() + 60_000; !isInView() && performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const ringed = [one, one.closest(".button")].some((ring) => {
      const style = ring && getComputedStyle(ring);
      return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
    const title = one.closest("section")?.querySelector("h2").textContent ?? "";
    const label = title + ": " + (one.getAttribute("aria-label") ?? one.textContent.trim());
    return { name: nameOf(one), label, hasRing: ringed, isInView: isInView() };
  })()`);
  // As it says.
  return stop as Stop;
}

/** Goes on by Tab until what is focused is called so. */
async function tabTo(page: Page, label: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await page.keyboard.press("Tab");
    if ((await stopOf(page)).label.includes(label)) return;
  }
  throw new Error(`There is no place that is called ${label}.`);
}

async function press(page: Page, ...keys: readonly KeyInput[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

function repeat(key: KeyInput, times: number): KeyInput[] {
  return Array.from({ length: times }, () => key);
}
