import { describe, expect, test } from "vitest";
import { median, pairedRatio, quantile, summarise } from "../../bench/runner/statistics.ts";

describe("statistics of rounds", () => {
  test("the median of an even number of samples lies between the middle two", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  test("a quantile between two samples is interpolated", () => {
    expect(quantile([0, 10], 0.9)).toBeCloseTo(9);
    expect(quantile([5], 0.9)).toBe(5);
  });

  test("no samples have no median", () => {
    expect(median([])).toBeNaN();
  });

  test("a summary has the median, the fastest, the 90th percentile and the count", () => {
    expect(summarise([3, 1, 2])).toEqual({ medianMs: 2, minMs: 1, p90Ms: 2.8, samples: 3 });
  });

  test("a ratio is the median of the rounds' own ratios, so that a busy round weighs on both alike", () => {
    // In the second round the machine was ten times slower for both.
    expect(pairedRatio([2, 20, 2], [1, 10, 1])).toEqual({ ratio: 2, ratioSpread: [2, 2] });
  });

  test("rounds that one of the two lacks are left out", () => {
    expect(pairedRatio([2, undefined, 6], [1, 1, undefined])?.ratio).toBe(2);
    expect(pairedRatio([2], [undefined])).toBeUndefined();
  });
});
