/** A GPU process that is killed for real: every promise settles, by name, and another device can be opened. */
import { expect, it } from "vitest";
import type { Outcome } from "../browser/dead-gpu-page.ts";
import { callInPage, openPage } from "../support/chrome.ts";

it("a GPU process that is killed rejects everything, and the cpu device takes over", async () => {
  const { browser, page, close } = await openPage({ alone: true });
  const module = "/test/browser/dead-gpu-page.ts";
  try {
    expect(await callInPage(page, module, "start")).toBe("webgpu");
    const session = await browser.target().createCDPSession();
    // The process cannot answer that it is gone.
    session.send("Browser.crashGpuProcess").catch(() => {});
    const { ms, reasons, lost, next } = (await callInPage(page, module, "finish")) as Outcome;
    expect(new Set(reasons)).toEqual(new Set(["DeviceLostError"]));
    expect(lost).toBe("DeviceLostError");
    // Within 2 s, and on a machine that is busy with other tests in ten times that.
    expect(ms).toBeLessThan(20_000);
    expect(next).toBe(1000);
  } finally {
    await close();
  }
});
