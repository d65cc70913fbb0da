/** Trainings on pages that lose their GPU process, or are behind another tab, go on by themselves. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ended } from "../browser/lost-gpu-page.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";

const module = "/test/browser/lost-gpu-page.ts";

async function until({ page }: TestPage, step: number): Promise<void> {
  while (Number(await callInPage(page, module, "reported")) < step) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function train(
  page: TestPage,
  device: "webgpu" | "cpu",
  steps: number,
  disturb: () => Promise<void> = async () => {},
): Promise<Ended> {
  expect(await callInPage(page.page, module, "start", device, steps, 20)).toBe(device);
  await disturb();
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
      const session = await page.browser.target().createCDPSession();
      const lost = await train(page, "webgpu", 160, async () => {
        for (let i = 1; i <= 8; i++) {
          await until(page, 15 * i);
          // The process cannot answer that it is gone.
          session.send("Browser.crashGpuProcess").catch(() => {});
        }
      });
      expect(lost.changes).toEqual(new Array(8).fill("webgpu webgpu"));
      expect({ ...lost, changes: [], longestMs: 0 }).toEqual({ ...undisturbed, longestMs: 0 });
    } finally {
      await page.close();
    }
  });

  it("again and again leaves the training to the cpu, where Chrome refuses adapters", async () => {
    const page = await openPage({ alone: true });
    try {
      const session = await page.browser.target().createCDPSession();
      const { steps, changes } = await train(page, "webgpu", 160, async () => {
        for (let i = 1; i <= 4; i++) {
          await until(page, 20 * i);
          session.send("Browser.crashGpuProcess").catch(() => {});
        }
      });
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
      const { steps, changes } = await train(page, device, 40, async () => {
        await other.bringToFront();
      });
      expect({ steps, changes }).toEqual({ steps: 40, changes: [] });
    } finally {
      await other.close();
    }
  });
});
