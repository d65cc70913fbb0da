/** One check for every axis, which names the axis as it was given. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  argmax,
  concat,
  logSoftmax,
  max,
  mean,
  min,
  nn,
  softmax,
  squeeze,
  sum,
  type Tensor,
  tensor,
  transpose,
  unsqueeze,
} from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const x = () => tensor([1, 5, 2, 4, 3, 0], [1, 2, 3]);
const values = async (y: Tensor) => [...(await y.data())];

type Verb = (x: Tensor, axis: never) => Tensor;
const reductions: Readonly<Record<string, Verb>> = {
  sum: (y, axis) => sum(y, { axis }),
  mean: (y, axis) => mean(y, { axis }),
  max: (y, axis) => max(y, { axis }),
  min: (y, axis) => min(y, { axis }),
};
const verbs: Readonly<Record<string, Verb>> = {
  ...reductions,
  argmax,
  softmax,
  logSoftmax,
  squeeze,
  concat: (y, axis) => concat([y, y], axis),
  transpose: (y, axis) => transpose(y, [axis, 0, 1]),
};
const wrong = [9, -9, 3, -4, 0.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
const noNumbers = ["0", "axis", "", null, true, {}, [[0]], 1n, Symbol("axis"), Object.create(null)];

describe.each(Object.entries(verbs))("%s", (name, verb) => {
  test.each(wrong)("refuses axis %d of 3 dimensions, and names it as it was given", (axis) => {
    const call = () => verb(x(), axis as never);
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(
      `${name}: an axis must be one of the input's dimensions; got axis ${axis} for f32[1, 2, 3]. Choose one from 0 to 2, or from -1 to -3 counted from the end.`,
    );
  });

  test("refuses what is no number", () => {
    for (const axis of noNumbers) expect(() => verb(x(), axis as never)).toThrow(ArgumentError);
  });
});

describe("the new dimension of unsqueeze", () => {
  test("may be behind the last, and its error names that place too", async () => {
    expect(unsqueeze(x(), 3).shape).toEqual([1, 2, 3, 1]);
    expect(unsqueeze(x(), -1).shape).toEqual([1, 2, 3, 1]);
    expect(unsqueeze(x(), -4).shape).toEqual([1, 1, 2, 3]);
    expect(unsqueeze(x(), 2).shape).toEqual([1, 2, 1, 3]);
    expect(unsqueeze(tensor(1), 0).shape).toEqual([1]);
    expect(await values(unsqueeze(x(), -2))).toEqual(await values(x()));
  });

  test.each([9, 4, -5, -9, 1.5, Number.NaN, "1", null, undefined])(
    "is not at %o of 3 dimensions",
    (axis) => {
      const call = () => unsqueeze(x(), axis as never);
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(/^unsqueeze: .*got axis .* Choose one from 0 to 3, or from -1 to -4/);
      if (typeof axis === "number") expect(call).toThrow(`got axis ${axis} for f32[1, 2, 3].`);
    },
  );
});

describe("axes from the end", () => {
  test("are those from the front", async () => {
    for (const [name, verb] of Object.entries(verbs)) {
      for (const axis of [0, 1, 2]) {
        if ((name === "squeeze" && axis > 0) || (name === "transpose" && axis < 2)) continue;
        const [front, back] = [verb(x(), axis as never), verb(x(), (axis - 3) as never)];
        expect(back.shape, name).toEqual(front.shape);
        expect(await values(back), name).toEqual(await values(front));
      }
    }
  });

  test("are meant as they are written", async () => {
    expect(await values(argmax(x(), -2))).toEqual([1, 0, 0]);
    expect(await values(sum(x(), { axis: [-1, 0] }))).toEqual([8, 7]);
    expect(transpose(x(), [-1, 0, -2]).shape).toEqual([3, 1, 2]);
    expect(Object.is(argmax(x(), -0).shape.length, 2)).toBe(true);
  });
});

describe("lists of axes", () => {
  test.each(Object.entries(reductions))("%s takes each once, and none twice", async (name, fn) => {
    expect(fn(x(), [2, 0] as never).shape).toEqual([2]);
    expect(fn(x(), [] as never).shape).toEqual([1, 2, 3]);
    for (const axes of [
      [1, 1],
      [0, -3],
      [2, 0, -1],
    ]) {
      const call = () => fn(x(), axes as never);
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(`${name}: every axis may be named once; got axes [${axes.join(", ")}]`);
    }
    for (const axes of [[0, 9], [0.5], ["0"], [undefined], [[0]], new Array(2)])
      expect(() => fn(x(), axes as never)).toThrow(ArgumentError);
  });

  test("a permutation names every axis once", () => {
    for (const given of [[0, 1, 1], [0, -3, 1], [0, 1], [0, 1, 2, 0], [0, 1, 9], [0, 1, "2"], []])
      expect(() => transpose(x(), given as never)).toThrow(ArgumentError);
    expect(() => transpose(x(), [0, -3, 1])).toThrow(/got axes \[0, -3, 1\]/);
    for (const given of [3, "012", {}, null, new Set([0, 1, 2])])
      expect(() => transpose(x(), given as never)).toThrow(ArgumentError);
  });
});

describe("a tensor without dimensions", () => {
  test.each(Object.entries({ ...reductions, argmax, softmax, logSoftmax, squeeze }))(
    "has no axis for %s",
    (_, verb) => {
      for (const axis of [0, -1]) {
        const call = () => verb(tensor(1), axis as never);
        expect(call).toThrow(ArgumentError);
        expect(call).toThrow(/A single number has no axis to choose/);
      }
    },
  );
});

test("the layer softmax refuses what is no axis when it is made, and one too many when it is used", () => {
  for (const axis of [0.5, Number.NaN, "1", null, {}])
    expect(() => nn.softmax(axis as never)).toThrow(ArgumentError);
  expect(() => nn.softmax(9)(x())).toThrow(/got axis 9 for f32\[1, 2, 3\]/);
});
