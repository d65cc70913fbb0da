/** Trainings on pages that lose their GPU process, or are behind another tab, go on by themselves. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ended } from "../browser/lost-gpu-page.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";

const module = "/test/browser/lost-gpu-page.ts";

/** Kills the GPU's process when those steps have been reported, one after the other. */
async function killAt(page: TestPage, steps: readonly number[]): Promise<void> {
  const session = await page.browser.target().createCDPSession();
  for (const step of steps) {
    await callInPage(page.page, module, "reached", step);
    // The process cannot answer that it is gone.
    session.send("Browser.crashGpuProcess").catch(() => {});
  }
}

async function train(
  page: TestPage,
  device: "webgpu" | "cpu",
  steps: number,
  kills: readonly number[] = [],
): Promise<Ended> {
  expect(await callInPage(page.page, module, "start", device, steps, 20, kills)).toBe(device);
  await killAt(page, kills);
  return (await callInPage(page.page, module, "finish")) as Ended;
}

describe("a GPU process that is killed", () => {
  it("eight times in one training changes none of its bits", async () => {
    const page = await openPage({
      alone: true,
      flags: ["--disable-gpu-process-crash-limit", "--disable-domain-blocking-for-3d-apis"],
    });
    try {
      const undisturbed = await train(page, "webgpu", 160);
      const lost = await train(page, "webgpu", 160, [15, 30, 45, 60, 75, 90, 105, 120]);
      expect(lost.changes).toEqual(new Array(8).fill("webgpu webgpu"));
      expect({ ...lost, changes: [], longestMs: 0 }).toEqual({ ...undisturbed, longestMs: 0 });
    } finally {
      await page.close();
    }
  });

  it("again and again leaves the training to the cpu, where Chrome refuses adapters", async () => {
    const page = await openPage({ alone: true });
    try {
      const { steps, changes } = await train(page, "webgpu", 160, [20, 40, 60, 80]);
      expect(steps).toBe(160);
      expect(changes.at(-1)).toBe("webgpu cpu");
    } finally {
      await page.close();
    }
  });
});

describe.each(["cpu", "webgpu"] as const)("a page that trains on %s", (device) => {
  let page: TestPage;
  beforeAll(async () => {
    page = await openPage();
  });
  afterAll(() => page.close());

  it("goes on while another tab is in front", async () => {
    const other = await page.page.browserContext().newPage();
    try {
      expect(await callInPage(page.page, module, "start", device, 40, 20, [])).toBe(device);
      await other.bringToFront();
      const { steps, changes } = (await callInPage(page.page, module, "finish")) as Ended;
      expect({ steps, changes }).toEqual({ steps: 40, changes: [] });
    } finally {
      await other.close();
    }
  });
});
