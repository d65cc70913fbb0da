import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callInPage, openPage, type TestPage } from "../../support/chrome.ts";
import type { longestPause, runCases } from "./page.ts";

const page = "/test/devices/cpu/page.ts";

describe.each([
  { isolated: true, options: { threads: 2, parallelBytes: 0 }, threads: "2 threads" },
  { isolated: false, options: {}, threads: "1 thread, memory not shared" },
])(
  "the cpu device in Chrome, cross-origin isolated: $isolated",
  ({ isolated, options, threads }) => {
    let chrome: TestPage;
    beforeAll(async () => {
      chrome = await openPage({ isolated });
    });
    afterAll(() => chrome?.close());

    it("gives what the float64 reference gives in every case", async () => {
      // callInPage returns what the named function returns, as JSON.
      const result = (await callInPage(chrome.page, page, "runCases", options)) as Awaited<
        ReturnType<typeof runCases>
      >;
      console.log(`Chrome, ${result.description}: ${result.count} cases`);
      expect(result.failures).toEqual([]);
      expect(result.count).toBeGreaterThan(400);
      expect(result.isIsolated).toBe(isolated);
      expect(result.description).toBe(`WebAssembly relaxed SIMD, ${threads}`);
      expect(chrome.errors).toEqual([]);
    });

    it("leaves the page free while it works", async () => {
      const { pauseMs, workMs } = (await callInPage(
        chrome.page,
        page,
        "longestPause",
        options,
      )) as Awaited<ReturnType<typeof longestPause>>;
      // On two busy cores a timer may be late by a few time slices, but never by the length of the work.
      expect(pauseMs).toBeLessThan(workMs / 2);
    });
  },
);
