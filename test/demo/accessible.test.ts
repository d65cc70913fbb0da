import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, describe, expect, test } from "vitest";
import { panelNames } from "../../demo/panels.ts";
import { LANGUAGES } from "../../demo/words/language.ts";
import { endDemos, openDemo, trainTo } from "./open-demo.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
afterAll(endDemos);

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

describe.each(panelNames)("the panel of %s", (panel) => {
  test.each(LANGUAGES)("has nothing that axe-core finds, in %s", async (language) => {
    const { page, errors, close } = await openDemo(
      `?panel=${panel}&lang=${language}&device=cpu&pace=full`,
    );
    try {
      await trainTo(page, 3);
      await page.evaluate(
        `document.querySelectorAll("details").forEach((one) => { one.open = true; })`,
      );
      await page.evaluate(axe);
      for (const scheme of ["light", "dark"]) {
        await page.emulateMediaFeatures([
          { name: "prefers-color-scheme", value: scheme },
          { name: "prefers-reduced-motion", value: "reduce" },
        ]);
        const found = await page.evaluate("axe.run().then(({ violations }) => violations)");
        // axe-core's own description of what it found.
        const violations = (found as Violation[]).map(({ id, nodes }) => ({
          id,
          nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
        }));
        expect({ scheme, violations }).toEqual({ scheme, violations: [] });
      }
      for (const width of [360, 1280]) {
        await page.setViewport({ width, height: 800 });
        // Curves take the new width at the next frame.
        const wider = async () => ({
          width,
          wider: await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        });
        await expect.poll(wider, { timeout: 20_000 }).toEqual({ width, wider: 0 });
      }
      expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(1500);
      expect(errors).toEqual([]);
    } finally {
      await close();
    }
  });
});
