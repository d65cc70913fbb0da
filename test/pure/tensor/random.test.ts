import { describe, expect, it } from "vitest";
import {
  foldIn,
  type Key,
  keyOf,
  normal,
  permutation,
  threefry2x32,
  uniform,
  words,
} from "../../../src/tensor/random.ts";

describe("threefry2x32", () => {
  /** Random123's kat_vectors: threefry2x32, 20 rounds. */
  const known: readonly { counter: Key; key: Key; words: Key }[] = [
    { counter: [0, 0], key: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    {
      counter: [0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      words: [0x1cb996fc, 0xbb002be7],
    },
    {
      counter: [0x243f6a88, 0x85a308d3],
      key: [0x13198a2e, 0x03707344],
      words: [0xc4923a9c, 0x483df7a0],
    },
  ];

  it.each(known)("gives the known answer for counter $counter", ({ counter, key, words }) => {
    expect(threefry2x32(key, counter)).toEqual(words);
  });
});

describe("streams", () => {
  it("word i comes from block i >> 1, so that any prefix is the same", () => {
    const key = keyOf(7);
    const long = words(key, 3, 101);
    expect(words(key, 3, 50)).toEqual(long.subarray(0, 50));
    expect([...long.subarray(8, 10)]).toEqual(threefry2x32(key, [4, 3]));
  });

  it("seeds, streams and folded keys differ from each other", () => {
    const draws = [
      words(keyOf(0), 0, 4),
      words(keyOf(1), 0, 4),
      words(keyOf(0.5), 0, 4),
      words(keyOf(0), 1, 4),
      words(foldIn(keyOf(0), 0), 0, 4),
      words(foldIn(keyOf(0), 1), 0, 4),
    ].map((draw) => draw.join());
    expect(new Set(draws).size).toBe(draws.length);
  });

  it("are numbered: between two of them is none", () => {
    const message = "the stream must be a whole number; got 0.5. Give another stream.";
    for (const [name, draw] of Object.entries({
      words,
      drawUniform: uniform,
      drawNormal: normal,
      permutation,
    }))
      expect(() => draw(keyOf(1), 0.5, 3)).toThrow(`${name}: ${message}`);
  });

  it("uniform numbers lie in [0, 1), are exact in f32, and have mean 1/2 and variance 1/12", () => {
    const n = 100_000;
    const draws = uniform(keyOf(1), 0, n);
    expect(draws.every((x) => x >= 0 && x < 1 && x === Math.fround(x))).toBe(true);
    const { mean, variance } = moments(draws);
    // Five standard errors: √(1/12/n) for the mean, √(1/180/n) for the variance.
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
  });

  it("normal numbers have mean 0, variance 1, and 4.55 % of them lie beyond 2", () => {
    const n = 100_001;
    const draws = normal(keyOf(2), 0, n);
    expect(draws.length).toBe(n);
    const { mean, variance } = moments(draws);
    const beyond = draws.filter((x) => Math.abs(x) > 2).length / n;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(5 * Math.sqrt((0.0455 * 0.9545) / n));
  });

  it("a permutation holds every index once and depends on key and stream", () => {
    const order = permutation(keyOf(3), 0, 1009);
    expect([...order].sort((a, b) => a - b)).toEqual([...order.keys()]);
    expect(permutation(keyOf(3), 0, 1009)).toEqual(order);
    expect(permutation(keyOf(3), 1, 1009)).not.toEqual(order);
    expect([...permutation(keyOf(3), 0, 1)]).toEqual([0]);
    expect(permutation(keyOf(3), 0, 0).length).toBe(0);
  });

  it("every index is equally likely to come first", () => {
    const [size, trials] = [5, 10_000];
    const counts = new Array<number>(size).fill(0);
    for (let i = 0; i < trials; i++) {
      const first = permutation(keyOf(4), i, size)[0] ?? 0;
      counts[first] = (counts[first] ?? 0) + 1;
    }
    const expected = trials / size;
    // Five standard deviations of a binomial count.
    const allowed = 5 * Math.sqrt(expected * (1 - 1 / size));
    for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(allowed);
  });
});

function moments(draws: Float64Array): { mean: number; variance: number } {
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  return { mean, variance };
}
