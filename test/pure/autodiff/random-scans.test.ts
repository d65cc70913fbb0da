/** Random loops: the graphs of scans with their gradients against their steps, both in float64. */
import { beforeEach, expect, it } from "vitest";
import { checkScan } from "../../support/scans/check-scan.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

it("400 random scans and their gradients mean their steps, as walks and as loops", async () => {
  const failures: string[] = [];
  const reached = new Map<string, number>();
  for (let seed = 1; seed <= 400; seed++) {
    const { form, loops, failure } = await checkScan(seed, seed, { device: false });
    for (const loop of loops) reached.set(loop, (reached.get(loop) ?? 0) + 1);
    if (failure !== undefined) failures.push(`--seed ${seed}: ${failure}; ${form}`);
  }
  expect(failures).toEqual([]);
  // Most are cells, which are found to be walks; loops that are none say why.
  expect(reached.get("recurrence")).toBeGreaterThan(150);
  expect(reached.get("scan: its states differ in shape")).toBeGreaterThan(50);
});
