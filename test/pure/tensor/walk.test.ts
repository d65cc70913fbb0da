import { expect, test } from "vitest";
import { mergeDimensions } from "../../../src/tensor/walk.ts";

test("dimensions merge where every list of strides continues", () => {
  expect(mergeDimensions([2, 3, 4], [[12, 4, 1]])).toEqual({ shape: [24], strides: [[1]] });
  expect(
    mergeDimensions(
      [2, 3, 4],
      [
        [12, 4, 1],
        [0, 4, 1],
      ],
    ),
  ).toEqual({
    shape: [2, 12],
    strides: [
      [12, 1],
      [0, 1],
    ],
  });
  expect(
    mergeDimensions(
      [2, 1, 4],
      [
        [4, 4, 1],
        [0, 0, 0],
      ],
    ),
  ).toEqual({ shape: [8], strides: [[1], [0]] });
  expect(mergeDimensions([1, 1], [[1, 1]])).toEqual({ shape: [], strides: [[]] });
});
