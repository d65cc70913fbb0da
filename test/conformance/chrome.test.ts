/** Every case, its gradient, and a few whole computations, on both devices in headless Chrome. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as conformancePage from "../browser/conformance-page.ts";
import { verbFamilies } from "../cases/verbs/index.ts";
import { callInPage, openPage, type TestPage } from "../support/chrome.ts";
import { caseCount, caseNames, listFailures } from "../support/conformance.ts";

type Page = typeof conformancePage;

const pages = [
  { device: "webgpu", isolated: true, description: /swiftshader/i },
  { device: "cpu", isolated: true, description: /relaxed SIMD, 2 threads$/ },
  { device: "cpu", isolated: false, description: /1 thread, memory not shared$/ },
] as const;

/** One for both devices of an isolated page: float64 results of the cases stay there. */
const opened = new Map<boolean, Promise<TestPage>>();
function pageOf(isolated: boolean): Promise<TestPage> {
  const page = opened.get(isolated) ?? openPage({ isolated });
  opened.set(isolated, page);
  return page;
}
afterAll(async () => {
  for (const page of opened.values()) await (await page).close();
});

describe.each(pages)(
  "in Chrome, on $device, isolated $isolated, cases agree with the float64 reference:",
  ({ device, isolated, description }) => {
    let chrome: TestPage;
    /** JSON out of the page: its type is the return type of the function that was called there. */
    const call = async <Name extends keyof Page>(name: Name, ...args: Parameters<Page[Name]>) =>
      (await callInPage(
        chrome.page,
        "/test/browser/conformance-page.ts",
        name,
        ...args,
      )) as Awaited<ReturnType<Page[Name]>>;

    beforeAll(async () => {
      chrome = await pageOf(isolated);
      const opened = await call("open", device);
      expect(opened.isIsolated).toBe(isolated);
      expect(opened.description).toMatch(description);
    });

    // A test for each op: each has dozens of kernels to compile, and a time limit of its own.
    it.each(caseNames)("%s and its gradients", async (op) => {
      const report = await call("run", op);
      expect(listFailures(report)).toBe("");
      expect(report.cases).toBe(caseCount([op]));
    });

    it("whole computations", async () => {
      const { failures } = await call("runWhole", device);
      expect(failures).toEqual([]);
    });

    it.each(Object.keys(verbFamilies))("verbs of %s and their gradients", async (family) => {
      const { failures } = await call("runVerbs", device, family);
      expect(failures).toEqual([]);
    });

    it("and nothing stays behind", async () => {
      expect(await call("close")).toEqual({ bytes: 0, buffers: 0 });
      expect(chrome.errors).toEqual([]);
    });
  },
);
