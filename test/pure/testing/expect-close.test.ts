import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { CheckFailedError, expectClose } from "../../../src/testing/index.ts";
import { drawNormals } from "./normals.ts";

function messageOf(check: () => void): string {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckFailedError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("expectClose", () => {
  it("shows the worst elements, where they are, and what is allowed", () => {
    const actual = Float32Array.of(1, 2.001, 3, 4, Number.NaN, 6.5);
    const expected = {
      data: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    };
    expect(messageOf(() => expectClose(actual, expected))).toMatchInlineSnapshot(`
      "expectClose: elements must agree within the rounding of f32 in sums of 1, 9.5e-7 of the larger of |expected| and 3.9, their root mean square; got 3 of 6 that do not. The first of them is not finite on one side only, or should be exact.

        at      actual      expected  difference  allowed
        [1, 1]  NaN         5         NaN         4.8e-6
        [1, 2]  6.5         6         0.50        5.7e-6
        [0, 1]  2.00099993  2         1.0e-3      3.7e-6"
    `);
  });

  it("takes as many rows as are asked for, and shows absolute tolerances", () => {
    const zeros = new Array(20).fill(0);
    const check = () =>
      expectClose(zeros.fill(1, 3, 9), new Array(20).fill(0), { absolute: 0.5, rows: 2 });
    expect(messageOf(check)).toMatchInlineSnapshot(`
      "expectClose: elements must agree within the rounding of f32 in sums of 1, 9.5e-7 of the larger of |expected| and 0, their root mean square, and 0.50 besides; got 6 of 20 that do not. The worst is 2.0 times too far: say how long the sums are ({ terms }), or look for what differs.

        at   actual  expected  difference  allowed
        [3]  1       0         1.0         0.50
        [4]  1       0         1.0         0.50"
    `);
  });

  it("is exact for whole numbers and bools", () => {
    expectClose(Int32Array.of(1, -2), [1, -2]);
    expect(() => expectClose(Int32Array.of(2 ** 24 + 1), [2 ** 24])).toThrow(CheckFailedError);
    expect(() => expectClose([1, 0], [1, 1], { dtype: "bool" })).toThrow(CheckFailedError);
  });

  it("knows NaN, infinities and nothing", () => {
    expectClose([Number.NaN, Number.POSITIVE_INFINITY], [Number.NaN, Number.POSITIVE_INFINITY]);
    expectClose([], []);
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => expectClose([wrong], [1])).toThrow(CheckFailedError);
      expect(() => expectClose([1], [wrong])).toThrow(CheckFailedError);
    }
    expect(() => expectClose([Number.NEGATIVE_INFINITY], [Number.POSITIVE_INFINITY])).toThrow(
      CheckFailedError,
    );
  });

  it("wants one shape", () => {
    expect(() => expectClose([1, 2], [1, 2, 3])).toThrow(/got 2 elements|got \[2\] for \[3\]/);
    expect(() => expectClose([[1, 2]], [[1], [2]])).toThrow(/got \[1, 2\] for \[2, 1\]/);
  });

  it("refuses what is no numbers", () => {
    for (const wrong of [
      "1",
      null,
      undefined,
      [[1], [1, 2]],
      [1, "2"],
      BigInt64Array.of(1n),
      { data: [1], shape: [2] },
    ]) {
      expect(() => expectClose(wrong as number[], [1])).toThrow(ArgumentError);
    }
    expect(() => expectClose([1], [1], { tolerance: 1 } as object)).toThrow(/tolerance/);
  });

  it.each(["f32", "f64"] as const)(
    "allows what %s rounds in sums, and not ten times that",
    (dtype) => {
      for (const terms of [1, 7, 64, 1000, 20_000]) {
        const [actual, expected] = sums(dtype, terms, 50);
        expectClose(actual, expected, { dtype, terms });
        // An error that grows with the terms, as a lost one of them does.
        const wrong = actual.map((x, i) => (i === 11 ? x + 1 / Math.sqrt(terms) : x));
        expect(() => expectClose(wrong, expected, { dtype, terms })).toThrow(CheckFailedError);
      }
    },
  );
});

/** Inner products of random numbers, summed naively in `dtype`, and by pairs in float64 with compensation. */
function sums(dtype: "f32" | "f64", terms: number, count: number): [number[], number[]] {
  const round = dtype === "f32" ? Math.fround : (x: number) => x;
  const actual: number[] = [];
  const expected: number[] = [];
  for (let i = 0; i < count; i++) {
    const numbers = drawNormals(terms, 31 * terms + i).map(Math.fround);
    actual.push(numbers.reduce((sum, x) => round(sum + x), 0));
    let [sum, lost] = [0, 0];
    for (const x of numbers) {
      const next = sum + (x - lost);
      lost = next - sum - (x - lost);
      sum = next;
    }
    expected.push(sum);
  }
  return [actual, expected];
}
