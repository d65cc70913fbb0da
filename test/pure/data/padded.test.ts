import { describe, expect, test } from "vitest";
import { IGNORED_LABEL, padSequences } from "../../../src/data/index.ts";
import { ArgumentError } from "../../../src/errors.ts";

const list = [[1, 2, 3], [], Int32Array.of(4, 5)];

describe("padSequences", () => {
  test("lays sequences side by side, time first, and says how long each is", () => {
    const { values, lengths } = padSequences(list);
    expect(values.shape).toEqual([3, 3]);
    expect([...values.data]).toEqual([1, -1, 4, 2, -1, 5, 3, -1, -1]);
    expect([...lengths.data]).toEqual([3, 0, 2]);
    expect(IGNORED_LABEL).toBe(-1);
  });

  test("lays them one behind the other with batchFirst, as long and filled as asked for", () => {
    const { values } = padSequences(list, { batchFirst: true, steps: 4, fill: 9 });
    expect(values.shape).toEqual([3, 4]);
    expect([...values.data]).toEqual([1, 2, 3, 9, 9, 9, 9, 9, 4, 5, 9, 9]);
  });

  test("of no sequences has no elements", () => {
    expect(padSequences([]).values).toEqual({
      data: new Int32Array(0),
      shape: [0, 0],
      dtype: "i32",
      time: 0,
    });
    expect(padSequences([], { steps: 5 }).values.shape).toEqual([5, 0]);
  });

  test("refuses fewer steps than the longest sequence has", () => {
    expect(() => padSequences(list, { steps: 2 })).toThrow(ArgumentError);
    expect(() => padSequences(list, { steps: 2 })).toThrow(
      "padSequences: steps must be a whole number and at least the longest sequence's; got 2 for one of 3.",
    );
    expect(() => padSequences(list, { steps: 3.5 })).toThrow("got 3.5");
  });
});

describe("numbers that are not whole", () => {
  test("stay what they are, filled up with zeros", () => {
    const { values } = padSequences([[0.5, 0.7], [0.1]]);
    expect(values).toEqual({
      data: Float32Array.of(0.5, 0.1, 0.7, 0),
      shape: [2, 2],
      dtype: "f32",
      time: 0,
    });
  });

  test("make f32 of all: arrays of floats, large numbers, NaN, a fill that is not whole", () => {
    const dtypeOf = (...args: Parameters<typeof padSequences>) =>
      padSequences(...args).values.dtype;
    expect(dtypeOf([Float32Array.of(1, 2)])).toBe("f32");
    expect(dtypeOf([Float64Array.of(1, 2), [1]])).toBe("f32");
    expect(dtypeOf([[2 ** 40]])).toBe("f32");
    expect(dtypeOf([[1, Number.NaN]])).toBe("f32");
    expect(dtypeOf([[1]], { fill: 0.5 })).toBe("f32");
    expect(dtypeOf([[1]], { dtype: "f32" })).toBe("f32");
    expect(dtypeOf([[1], Uint8Array.of(3)])).toBe("i32");
  });

  test("are refused where i32 is asked for, and so is what is no number", () => {
    expect(() => padSequences([[1, 0.5]], { dtype: "i32" })).toThrow(/0.5 as step 1 of sequence 0/);
    const wrong = [[["a"]], [[[1, 2]]], [[undefined]], [5], "text", undefined, {}];
    for (const sequences of wrong) {
      expect(() => padSequences(sequences as never)).toThrow(ArgumentError);
    }
    expect(() => padSequences([[1]], { length: 3 } as never)).toThrow(ArgumentError);
  });
});
