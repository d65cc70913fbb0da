import { expect, test } from "vitest";
import { fuzzFiles } from "../../support/io/fuzz-files.ts";

test("1,000 files that are almost right are read, or refused by a typed error with the byte", async () => {
  const { failures, read, refused, mostRead, mostMade } = await fuzzFiles(1, 1_000);
  expect(failures).toEqual([]);
  expect(read + refused).toBe(1_000);
  expect(Math.min(read, refused)).toBeGreaterThan(50);
  // Nothing is asked for twice but headers; a bool of one byte becomes four.
  expect(mostRead).toBeLessThan(2);
  expect(mostMade).toBeLessThan(4);
}, 60_000);
