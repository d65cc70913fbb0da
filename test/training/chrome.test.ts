/** Both networks learn one batch in headless Chrome, on both devices, and the cpu leaves the page free meanwhile. */
import { expect, test } from "vitest";
import type { train } from "../browser/training-page.ts";
import { callInPage, openPage } from "../support/chrome.ts";

const pages = [
  { device: "cpu", isolated: true, steps: 100 },
  { device: "cpu", isolated: false, steps: 100 },
  { device: "webgpu", isolated: true, steps: 6 },
] as const;

test.each(pages)("both networks learn in Chrome: $device, isolated $isolated", async (form) => {
  const { device, isolated, steps } = form;
  const chrome = await openPage({ isolated });
  try {
    for (const network of ["cnn", "lstm"] as const) {
      const answer = await callInPage(
        chrome.page,
        "/test/browser/training-page.ts",
        "train",
        ...[device, network, steps],
      );
      // JSON out of the page: its type is the return type of the function that was called there.
      const found = answer as Awaited<ReturnType<typeof train>>;
      const { description, first, last, longestMs, watchedMs } = found;
      console.log(
        `Chrome, ${description}: ${network}, loss ${first.toFixed(3)} → ${last.toFixed(3)} in ${steps} steps; longest gap ${longestMs.toFixed(0)} of ${watchedMs.toFixed(0)} ms`,
      );
      expect(last).toBeLessThan(first);
      // A page that computed it itself would stand still for as long as it takes.
      if (device === "cpu") expect(longestMs).toBeLessThan(watchedMs / 2);
    }
    expect(chrome.errors).toEqual([]);
  } finally {
    await chrome.close();
  }
});
