import { describe, expect, it } from "vitest";
import { ShapeError } from "../../../src/errors.ts";
import { gradients, type Tensor, tensor, zeros } from "../../../src/functions.ts";
import {
  accuracy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  meanAbsoluteError,
  meanSquaredError,
} from "../../../src/losses/index.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const only = (x: Tensor) => {
  expect(x.shape).toEqual([]);
  return evaluateTensor(x)[0] ?? Number.NaN;
};
const labels = (...ids: number[]) => tensor(Int32Array.from(ids));

describe("crossEntropy", () => {
  const logits = tensor([
    [2, 0, 0],
    [0, 0, 0],
    [0, 0, 5],
  ]);
  const first = Math.log(Math.exp(2) + 2) - 2;
  const second = Math.log(3);

  it("is the mean over the rows that have a label", () => {
    expect(only(crossEntropy(logits, labels(0, 1, -1)))).toBeCloseTo((first + second) / 2, 12);
  });

  it("is 0 with gradient 0 where no row has a label", () => {
    const loss = crossEntropy(logits, labels(-1, -1, -1));
    expect(only(loss)).toBe(0);
    const [g = logits] = gradients(loss, [logits]);
    expect(evaluateTensor(g).every((x) => x === 0)).toBe(true);
  });

  it("can be summed or left as it is", () => {
    const total = crossEntropy(logits, labels(0, 1, -1), { reduction: "sum" });
    expect(only(total)).toBeCloseTo(first + second, 12);
    const rows = crossEntropy(logits, labels(0, 1, -1), { reduction: "none" });
    expect(rows.shape).toEqual([3]);
    expect(evaluateTensor(rows)[2]).toBe(0);
  });

  it("takes sequences of rows", () => {
    expect(crossEntropy(zeros([5, 2, 7]), zeros([5, 2], "i32")).shape).toEqual([]);
    expect(only(crossEntropy(zeros([5, 2, 7]), zeros([5, 2], "i32")))).toBeCloseTo(Math.log(7), 12);
  });
});

describe("losses between a prediction and a target", () => {
  const prediction = tensor([1, 2, 4]);
  const target = tensor([1, 4, 1]);

  it("meanSquaredError is the mean of (p − t)²", () => {
    expect(only(meanSquaredError(prediction, target))).toBeCloseTo(13 / 3, 12);
    expect(only(meanSquaredError(prediction, target, { reduction: "sum" }))).toBe(13);
  });

  it("meanAbsoluteError is the mean of |p − t|", () => {
    expect(only(meanAbsoluteError(prediction, target))).toBeCloseTo(5 / 3, 12);
    const each = meanAbsoluteError(prediction, target, { reduction: "none" });
    expect(evaluateTensor(each)).toEqual([0, 2, 3]);
  });

  it("refuse to broadcast", () => {
    for (const loss of [meanSquaredError, meanAbsoluteError, binaryCrossEntropyWithLogits]) {
      expect(() => loss(zeros([4, 1]), zeros([4]))).toThrow(ShapeError);
      expect(() => loss(zeros([4, 1]), zeros([4]))).toThrow("got f32[4, 1] and f32[4]");
    }
  });
});

describe("binaryCrossEntropyWithLogits", () => {
  it("is −t · log σ(x) − (1 − t) · log(1 − σ(x))", () => {
    const loss = binaryCrossEntropyWithLogits(tensor([2, -1]), tensor([1, 0.5]));
    const softplus = (x: number) => Math.log1p(Math.exp(x));
    const expected = (softplus(-2) + 0.5 * softplus(1) + 0.5 * softplus(-1)) / 2;
    expect(only(loss)).toBeCloseTo(expected, 12);
  });

  it("neither overflows nor loses what is small", () => {
    const loss = binaryCrossEntropyWithLogits(tensor([300, -300, 30]), tensor([0, 1, 1]), {
      reduction: "none",
    });
    const [high = 0, low = 0, tiny = 0] = evaluateTensor(loss);
    expect([high, low]).toEqual([300, 300]);
    expect(tiny / Math.exp(-30)).toBeCloseTo(1, 9);
  });

  it("has the gradient σ(x) − t, at 0 as well, and takes bool targets", () => {
    const x = tensor([0, 0, 1]);
    const targets = tensor([0, 1, 1], undefined, "bool");
    const loss = binaryCrossEntropyWithLogits(x, targets, { reduction: "sum" });
    const [g = x] = gradients(loss, [x]);
    const [a = 0, b = 0, c = 0] = evaluateTensor(g);
    expect([a, b]).toEqual([0.5, -0.5]);
    expect(c).toBeCloseTo(1 / (1 + Math.exp(-1)) - 1, 12);
  });
});

describe("accuracy", () => {
  it("is the share of hits among the rows that have a label", () => {
    const logits = tensor([
      [2, 0],
      [0, 1],
      [3, 1],
      [9, 1],
    ]);
    expect(only(accuracy(logits, labels(0, 1, 1, -1)))).toBeCloseTo(2 / 3, 12);
    expect(only(accuracy(logits, labels(-1, -1, -1, -1)))).toBe(0);
  });
});
