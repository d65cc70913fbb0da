import { describe, expect, test } from "vitest";
import { IGNORED_LABEL, sequenceBatchCount, sequenceBatches } from "../../../src/data/index.ts";
import { ArgumentError } from "../../../src/errors.ts";

const upTo = (length: number) => Int32Array.from({ length }, (_, i) => i);

describe("sequenceBatches", () => {
  test("each row goes on where it ended in the window before", () => {
    // 13 ids have 12 targets: two streams of 6 steps, ids 0… and 6…
    const windows = [...sequenceBatches(upTo(13), { batchSize: 2, window: 3 })];
    expect(windows.map(({ inputs, targets, start }) => [[...inputs], [...targets], start])).toEqual(
      [
        [[0, 6, 1, 7, 2, 8], [1, 7, 2, 8, 3, 9], true],
        [[3, 9, 4, 10, 5, 11], [4, 10, 5, 11, 6, 12], false],
      ],
    );
    expect(windows[0]?.shape).toEqual([3, 2]);
    expect(windows[0]?.count).toBe(6);
  });

  test("what does not fill a window is dropped", () => {
    const options = { batchSize: 2, window: 4 };
    expect([...sequenceBatches(upTo(13), options)]).toHaveLength(1);
    expect(sequenceBatchCount(13, options)).toBe(1);
    expect(sequenceBatchCount(5, { batchSize: 8, window: 1 })).toBe(0);
  });

  test("padded, every id but the first is a target exactly once, in windows of one shape", () => {
    for (const length of [0, 1, 2, 3, 11, 12, 13, 14]) {
      for (const batchSize of [1, 2, 3, 5]) {
        for (const window of [1, 3, 4]) {
          const options = { batchSize, window, remainder: "pad" } as const;
          const windows = [...sequenceBatches(upTo(length), options)];
          expect(windows).toHaveLength(sequenceBatchCount(length, options));
          const targets = windows
            .flatMap((one) => [...one.targets])
            .filter((id) => id !== IGNORED_LABEL);
          expect(targets.toSorted((a, b) => a - b)).toEqual([...upTo(length)].slice(1));
          expect(windows.reduce((sum, { count }) => sum + count, 0)).toBe(Math.max(0, length - 1));
          for (const one of windows) {
            expect(one.inputs).toHaveLength(window * batchSize);
            one.targets.forEach((id, i) => {
              if (id !== IGNORED_LABEL) expect(one.inputs[i]).toBe(id - 1);
            });
          }
        }
      }
    }
  });

  test("sizes that are no positive whole numbers are refused", () => {
    expect(() => sequenceBatches(upTo(9), { batchSize: 0, window: 3 })).toThrow(ArgumentError);
    expect(() => sequenceBatches(upTo(9), { batchSize: 2, window: 2.5 })).toThrow(/window must be/);
    expect(() => sequenceBatches([1, 2] as never, { batchSize: 2, window: 2 })).toThrow(
      "sequenceBatches: the ids must be an Int32Array",
    );
  });
});
