import { describe, expect, test } from "vitest";
import { IGNORED_LABEL, padSequences } from "../../../src/data/index.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";

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
    // Float16Array, which Node 20 does not have.
    class Half extends Uint8Array {
      override get [Symbol.toStringTag]() {
        return "Float16Array" as never;
      }
    }
    expect(dtypeOf([Half.of(1, 2)])).toBe("f32");
    expect(dtypeOf([BigInt64Array.of(1n, 2n) as never])).toBe("i32");
    expect(dtypeOf([[2 ** 40]])).toBe("f32");
    expect(dtypeOf([[1, Number.NaN]])).toBe("f32");
    expect(dtypeOf([[1]], { fill: 0.5 })).toBe("f32");
    expect(dtypeOf([[1]], { dtype: "f32" })).toBe("f32");
    expect(dtypeOf([[1], Uint8Array.of(3)])).toBe("i32");
  });

  test("are refused where i32 is asked for, as what fills up too", () => {
    for (const fill of [0.5, Number.NaN, 2 ** 31]) {
      expect(() => padSequences([[1, 2], [3]], { fill, dtype: "i32" })).toThrow(
        `padSequences: fill must be a whole number of 32 bits, as the steps are; got ${fill}. Leave it out, or say { dtype: "f32" }.`,
      );
    }
    const least = -(2 ** 31);
    expect(padSequences([[least]]).values.data).toEqual(Int32Array.of(least));
  });

  test("are refused where i32 is asked for, and so is what is no number", () => {
    expect(() => padSequences([[1, 0.5]], { dtype: "i32" })).toThrow(/0.5 as step 1 of sequence 0/);
    const wrong = [[["a"]], [[[[1, 2]]]], [[undefined]], [5], "text", undefined, {}];
    for (const sequences of wrong) {
      expect(() => padSequences(sequences as never)).toThrow(ArgumentError);
    }
    expect(() => padSequences([[1]], { length: 3 } as never)).toThrow(ArgumentError);
  });
});

describe("rows of features", () => {
  const rows = [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [],
    [Float64Array.of(7.5, 8)],
  ];

  test("lie as sequences of numbers do, filled up with zeros, in f32", () => {
    const { values, lengths } = padSequences(rows);
    expect(values.shape).toEqual([3, 3, 2]);
    expect(values.dtype).toBe("f32");
    expect([...values.data]).toEqual([1, 2, 0, 0, 7.5, 8, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0]);
    expect([...lengths.data]).toEqual([3, 0, 1]);
    const first = padSequences(rows, { batchFirst: true, steps: 3, fill: 9 }).values;
    expect(first.shape).toEqual([3, 3, 2]);
    expect([...first.data]).toEqual([1, 2, 3, 4, 5, 6, 9, 9, 9, 9, 9, 9, 7.5, 8, 9, 9, 9, 9]);
    // Whole numbers of one batch are f32 as those of the next.
    expect(padSequences([[[1, 2]]]).values.dtype).toBe("f32");
    expect(padSequences([[[1, 2]]], { dtype: "i32" }).values.data).toEqual(Int32Array.of(1, 2));
  });

  test("may be steps of any form, with a shape", () => {
    const frames = (steps: number) => ({
      data: Float32Array.from({ length: steps * 6 }, (_, i) => i + 0.5),
      shape: [steps, 2, 3],
    });
    const { values } = padSequences([frames(2), frames(1)], { batchFirst: true });
    expect(values.shape).toEqual([2, 2, 2, 3]);
    expect([...values.data.subarray(12)]).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 0, 0, 0, 0, 0, 0]);
    const series = { data: Float32Array.of(1, 2), shape: [2] };
    expect(padSequences([series, [3]]).values).toEqual(
      padSequences([Float32Array.of(1, 2), [3]]).values,
    );
  });

  test.each([
    [
      [[[1, 2], [3]]],
      ShapeError,
      "padSequences: every step must have as many features as the first; got 1 after 2 as step 1 of sequence 0.",
    ],
    [[[[1, 2], 3]], ShapeError, "got 3 after 2 as step 1 of sequence 0."],
    [
      [[[1, 2]], [1]],
      ShapeError,
      "padSequences: all sequences must have steps of one form; got [T] as sequence 1 after [T, 2].",
    ],
    [
      [{ data: [1, 2, 3], shape: [2, 2] }],
      ShapeError,
      "padSequences: a sequence with a shape must fill it, [T, …]; got data [1, 2, 3], shape [2, 2] as sequence 0.",
    ],
    [
      [[[1, "a"]]],
      ArgumentError,
      'padSequences: steps must be numbers, or rows of them; got "a" as step 0 of sequence 0.',
    ],
    [
      [[[0.5]]],
      ArgumentError,
      "padSequences: steps must be whole numbers, or rows of them; got 0.5 as step 0 of sequence 0.",
    ],
  ])("are refused where they do not fit: %#", (sequences, error, message) => {
    const call = () =>
      padSequences(sequences as never, message.includes("whole") ? { dtype: "i32" } : {});
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});
