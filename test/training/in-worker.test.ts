/** gradgpu/worker in Chrome: the whole training in a worker, messages here. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";

let tab: TestPage;
beforeAll(async () => {
  tab = await openPage();
});
afterAll(() => tab?.close());

const ask = async (name: string) =>
  // What the page's module of that name returns.
  (await callInPage(tab.page, "/test/browser/worker-page.ts", name)) as never;

test("a loop follows every step of a training in a worker, and calls are answered", async () => {
  const { steps, heard, losses, told, sample } = (await ask("follow")) as {
    steps: number[];
    heard: number[];
    losses: number[];
    told: number;
    sample: string;
  };
  expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(heard).toEqual(steps);
  expect(told).toBe(12);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  expect(sample).toBe("xxx");
});

test("a training that is paused stands still, answers, and goes on", async () => {
  const { beforeStart, paused, stillPaused, steps, sample } = (await ask("pause")) as Record<
    string,
    unknown
  >;
  expect(beforeStart).toBe(0);
  expect(stillPaused).toBe(paused);
  expect(steps).toBe(400);
  expect(sample).toBe("yy");
});

test("an aborted training ends in an AbortError, and another worker goes on from its state", async () => {
  const { trained, next } = (await ask("goOn")) as { trained: number; next: number };
  expect(trained).toBeGreaterThanOrEqual(5);
  // The last step of an epoch whose end was not told yet is told first.
  expect([trained, trained + 1]).toContain(next);
});

test("errors come out of the worker with their classes, fields and stacks", async () => {
  const { setUp, nonFinite, call, standard, closed, nothing } = (await ask("failures")) as Record<
    string,
    { name: string; classes: string[]; message: string; step?: number; isTracked: boolean }
  >;
  expect(setUp).toMatchObject({ name: "ShapeError", isTracked: true });
  expect(setUp?.classes).toEqual(["ShapeError", "GradgpuError", "Error", "Object"]);
  expect(nonFinite?.name).toBe("NonFiniteError");
  expect(nonFinite?.step).toBeGreaterThan(0);
  expect(call).toMatchObject({ name: "ShapeError", message: "no shape" });
  expect(standard?.classes).toEqual(["RangeError", "Error", "Object"]);
  expect(closed).toMatchObject({ name: "DeviceLostError" });
  expect(nothing).toMatchObject({ name: "DeviceUnavailableError" });
  expect(nothing?.message).toContain("new Worker(new URL(");
});

test("the example trains, draws, and stops", async () => {
  const { page } = tab;
  const example = await page.browserContext().newPage();
  try {
    await example.goto(page.url().replace(/\/test\/.*/, "/examples/worker/index.html"));
    await example.waitForFunction("document.title === 'trained'");
    const told = await example.$eval("#told", (element) => element.textContent);
    expect(told).toMatch(/accuracy (1|0\.9\d*), trained in 320 steps/);
    // White in the middle, dark in the corner.
    const shades = await example.$eval("#picture", (canvas) =>
      [
        [32, 32],
        [1, 1],
      ].map(
        ([x = 0, y = 0]) =>
          (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(x, y, 1, 1).data[0],
      ),
    );
    expect(shades).toEqual([255, 40]);
  } finally {
    await example.close();
  }
});
