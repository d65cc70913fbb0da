import { expect, test } from "vitest";
import { Health } from "../../demo/worker/health.ts";

const after = (losses: readonly number[], health = new Health()) => {
  for (const loss of losses) health.add("net", loss);
  return health;
};
const falling = Array.from({ length: 100 }, (_, i) => 2.3 * 0.95 ** i);

test("a training is well while it keeps at least half of what it has learned", () => {
  expect(new Health().isGood).toBe(true);
  expect(after([2.3]).isGood).toBe(true);
  expect(after(falling).isGood).toBe(true);
  // One bad batch is no matter, many are.
  expect(after([2], after(falling)).isGood).toBe(true);
  const lost = after(Array(30).fill(2.3), after(falling));
  expect(lost.isGood).toBe(false);
  expect(after(falling, lost).isGood).toBe(true);
  expect(after([Number.NaN], after(falling)).isGood).toBe(false);
});

test("one network that is lost is enough", () => {
  const health = after(falling);
  health.add("other", 2.3);
  for (let i = 0; i < 50; i++) health.add("other", 50);
  expect(health.isGood).toBe(false);
});
