/** Verbs that draw, and those that tell of tensors what they are without reading them. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  bernoulli,
  dropout,
  full,
  describe as shown,
  sizeOf,
  type Tensor,
} from "../../../src/functions.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const COUNT = 10_000;
/** Four standard deviations of a share of so many draws. */
const boundOf = (p: number) => 4 * Math.sqrt((p * (1 - p)) / COUNT);

beforeEach(() => {
  openCounting({ seed: 1 });
});

function share(x: Tensor, holds: (element: number) => boolean): number {
  return evaluateTensor(x).filter(holds).length / COUNT;
}

test.each([0, 0.2, 1])("bernoulli is true with probability %d", (p) => {
  const drawn = bernoulli([COUNT], p);
  expect(drawn.type).toEqual({ dtype: "bool", shape: [COUNT] });
  expect(Math.abs(share(drawn, (x) => x === 1) - p)).toBeLessThanOrEqual(boundOf(p));
});

test.each([0, 0.3])("dropout keeps what is left at its mean, p %d", (p) => {
  const dropped = dropout(full([COUNT], 2), p);
  expect(Math.abs(share(dropped, (x) => x === 0) - p)).toBeLessThanOrEqual(boundOf(p));
  expect(share(dropped, (x) => x === 0 || Math.abs(x - 2 / (1 - p)) < 1e-6)).toBe(1);
});

describe("a shape", () => {
  test.each([
    [[], 1],
    [[3], 3],
    [[2, 0, 5], 0],
    [[2, 3, 5], 30],
  ])("of %j has %d elements", (shape, size) => {
    expect(sizeOf(shape)).toBe(size);
  });

  test("is shown with its dtype", () => {
    expect(shown({ dtype: "i32", shape: [32, 28] })).toBe("i32[32, 28]");
    expect(shown(full([], 1))).toBe("f32[]");
  });
});
