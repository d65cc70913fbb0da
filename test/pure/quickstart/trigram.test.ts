import { describe, expect, test } from "vitest";
import { TrigramModel } from "../../../examples/quickstart/trigram.ts";
import { words } from "../../../src/tensor/random.ts";

describe("TrigramModel", () => {
  const ids = Int32Array.from(words([3, 4], 0, 3000), (word) => Math.min(word % 7, word % 5));

  test("the probabilities after any context add up to one", () => {
    const model = TrigramModel.fit(ids, 9);
    for (const [beforeLast, last] of [
      [0, 1],
      [2, 2],
      [8, 8],
      [undefined, 3],
    ]) {
      let sum = 0;
      for (let next = 0; next < 9; next++) {
        const p = model.probability(next, last ?? 0, beforeLast);
        expect(p).toBeGreaterThan(0);
        sum += p;
      }
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  test("independent uniform ids cost log2 of their number, a periodic sequence next to nothing", () => {
    const uniform = Int32Array.from(words([5, 6], 0, 40_000), (word) => word >>> 30);
    const bits = TrigramModel.fit(uniform.subarray(0, 36_000), 4).bitsPerCharacter(
      uniform.subarray(36_000),
    );
    // The mean of 4,000 draws around 2 bits; the model itself is off by far less.
    expect(Math.abs(bits - 2)).toBeLessThan(0.01);
    const periodic = Int32Array.from({ length: 3000 }, (_, i) => [0, 1, 1, 2, 0][i % 5] ?? 0);
    expect(TrigramModel.fit(periodic, 3).bitsPerCharacter(periodic)).toBeLessThan(0.02);
  });

  test("without smoothing's help the counts are those of the text", () => {
    // "0 1" is followed by 2 three times of four.
    const text = Int32Array.from([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0]);
    const model = TrigramModel.fit(text, 3);
    const { unigram, bigram, trigram } = model.smoothing;
    const p1 = (3 + (unigram * 3) / 3) / (12 + unigram * 3);
    const p2 = (3 + bigram * 2 * p1) / (4 + bigram * 2);
    expect(model.probability(2, 1, 0)).toBeCloseTo((3 + trigram * 2 * p2) / (4 + trigram * 2), 12);
  });
});
