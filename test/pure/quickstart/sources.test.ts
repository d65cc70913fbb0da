import { describe, expect, test } from "vitest";
import { loadMnist } from "../../../examples/quickstart/mnist.ts";
import { loadMoby } from "../../../examples/quickstart/moby.ts";
import { batches } from "../../../src/data/index.ts";

describe("the data that npm ships", () => {
  test("MNIST has 60,000 and 10,000 digits of ten classes, normalised", async () => {
    const { training, test: tests, testPixels } = await loadMnist();
    expect(training.x.shape).toEqual([60000, 28, 28, 1]);
    expect(tests.y.shape).toEqual([10000]);
    expect(testPixels).toHaveLength(10000 * 784);
    const perClass = new Array<number>(10).fill(0);
    for (const label of training.y.data) perClass[label] = (perClass[label] ?? 0) + 1;
    // The counts that the data set is known for.
    expect(perClass).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    const [batch] = batches(training, { batchSize: 1000, seed: 1 });
    const values = Float64Array.from(batch?.x.data ?? []);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    // Mean 0 and deviation 1 over all; a thousand digits stay near.
    expect(Math.abs(mean)).toBeLessThan(0.05);
  });

  test("Moby Dick begins with its etymology, ends with the orphan, and is split nine to one", async () => {
    const { training, heldOut } = await loadMoby();
    expect(training.startsWith("ETYMOLOGY.")).toBe(true);
    expect(training).toContain("CHAPTER 1. Loomings.\n\nCall me Ishmael. Some years ago");
    expect(heldOut.endsWith("only found another orphan.")).toBe(true);
    expect(training.length + heldOut.length).toBe(1_212_978);
    expect(heldOut.length / training.length).toBeCloseTo(1 / 9, 4);
  });
});
