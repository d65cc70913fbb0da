/** A process, or a browser, that is killed while it writes checkpoints: one can be read, and its training ends with the same bits. */
import { expect, it } from "vitest";
import { killTrainings } from "../support/killed/kill.ts";
import { killPages } from "../support/killed/kill-page.ts";

it.each([
  ["reference", 12],
  ["cpu", 8],
])("a training on %s that is killed %i times and more", async (device, count) => {
  const { kills, withCheckpoint, completed, mostIntervals } = await killTrainings(device, count, 1);
  expect(kills).toBeGreaterThanOrEqual(count);
  expect(withCheckpoint).toBeGreaterThan(count / 2);
  expect(completed).toBeGreaterThan(0);
  expect(mostIntervals).toBeLessThanOrEqual(1);
});

it("a browser that is killed three times and more, whose page writes to OPFS", async () => {
  const { kills, withCheckpoint, completed, mostIntervals } = await killPages(3, 1);
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(withCheckpoint).toBeGreaterThan(0);
  expect(completed).toBeGreaterThan(0);
  expect(mostIntervals).toBeLessThanOrEqual(1);
});
