/** Every case, its gradient, and a few whole computations, on both devices in headless Chrome. */
import { expect, test } from "vitest";
import type { runAll } from "../browser/conformance-page.ts";
import { callInPage, openPage } from "../support/chrome.ts";
import { caseCount, listFailures, summarise } from "../support/conformance.ts";

const pages = [
  { device: "webgpu", isolated: true, description: /swiftshader/i },
  { device: "cpu", isolated: true, description: /relaxed SIMD, 2 threads$/ },
  { device: "cpu", isolated: false, description: /1 thread, memory not shared$/ },
] as const;

test.each(pages)(
  "all cases agree with the float64 reference in Chrome: $device, isolated $isolated",
  async ({ device, isolated, description }) => {
    const chrome = await openPage({ isolated });
    try {
      const answer = await callInPage(
        chrome.page,
        "/test/browser/conformance-page.ts",
        "runAll",
        device,
      );
      // JSON out of the page: its type is the return type of the function that was called there.
      const { report, memory, composed, isIsolated } = answer as Awaited<ReturnType<typeof runAll>>;
      console.log(`Chrome, ${isolated ? "" : "not "}isolated: ${summarise(report)}`);
      expect(isIsolated).toBe(isolated);
      expect(report.device).toMatch(description);
      expect(listFailures(report)).toBe("");
      expect(report.cases).toBe(caseCount);
      expect(report.gradients).toBeGreaterThan(caseCount);
      expect(memory).toEqual({ bytes: 0, buffers: 0 });
      expect(composed.failures).toEqual([]);
      expect(chrome.errors).toEqual([]);
    } finally {
      await chrome.close();
    }
  },
);
