import { describe, expect, it } from "vitest";
import { DTypeError, ShapeError } from "../../../src/errors.ts";
import { gradients, type Tensor, tensor, zeros } from "../../../src/functions.ts";
import * as losses from "../../../src/losses/index.ts";
import {
  accuracy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  meanAbsoluteError,
  meanSquaredError,
  negativeLogLikelihood,
} from "../../../src/losses/index.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const only = (x: Tensor) => {
  expect(x.shape).toEqual([]);
  return evaluateTensor(x)[0] ?? Number.NaN;
};
const labels = (...ids: number[]) => tensor(Int32Array.from(ids));

describe("negativeLogLikelihood", () => {
  it("is NaN for a class that there is not, and 0 for what is ignored, whatever its row holds", () => {
    const logs = tensor([
      [-1, -2],
      [-3, -4],
      [Number.NEGATIVE_INFINITY, Number.NaN],
    ]);
    const rows = negativeLogLikelihood(logs, labels(1, 2, -1), { reduction: "none" });
    expect(evaluateTensor(rows)).toEqual([2, Number.NaN, 0]);
    const certain = tensor([[0, Number.NEGATIVE_INFINITY]]);
    const [g = logs] = gradients(negativeLogLikelihood(certain, labels(0)), [certain]);
    expect(evaluateTensor(g).map((x) => x + 0)).toEqual([-1, 0]);
  });
});

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

  it("name themselves where a dtype is wrong, or nothing is there", () => {
    const [row, rows] = [labels(1, 0), tensor(Int32Array.of(1, 0), [1, 2])];
    const x = zeros([2]);
    const y = zeros([1, 2]);
    const cases: readonly (readonly [string, () => Tensor, string])[] = [
      ["meanSquaredError", () => losses.meanSquaredError(x, row), "target"],
      ["meanAbsoluteError", () => losses.meanAbsoluteError(row, x), "prediction"],
      ["huber", () => losses.huber(x, row), "target"],
      ["logCosh", () => losses.logCosh(x, row), "target"],
      ["hinge", () => losses.hinge(x, row), "target"],
      ["squaredHinge", () => losses.squaredHinge(x, row), "target"],
      ["poissonNll", () => losses.poissonNll(x, row), "target"],
      ["gaussianNll", () => losses.gaussianNll(x, row, x), "variance"],
      ["binaryCrossEntropyWithLogits", () => losses.binaryCrossEntropyWithLogits(row, x), "logits"],
      ["binaryFocal", () => losses.binaryFocal(row, x), "logits"],
    ];
    const pairs: typeof cases = [
      ["klDivergence", () => losses.klDivergence(y, rows), "target"],
      ["tripletMargin", () => losses.tripletMargin(y, y, rows), "negative"],
      ["infoNce", () => losses.infoNce(y, rows), "b"],
      ["cosineEmbedding", () => losses.cosineEmbedding(y, rows, zeros([1])), "b"],
    ];
    for (const [names, type] of [
      [cases, "i32[2]"],
      [pairs, "i32[1, 2]"],
    ] as const)
      for (const [name, call, what] of names) {
        expect(call, name).toThrow(DTypeError);
        expect(call).toThrow(
          `${name}: ${what} must be f32; got ${type}. Cast it first: cast(${what}, "f32")`,
        );
      }
    const number = zeros([]);
    for (const [name, call, what] of [
      ["klDivergence", () => losses.klDivergence(number, number), "logPrediction"],
      ["tripletMargin", () => losses.tripletMargin(number, number, number), "anchor"],
      ["cosineSimilarity", () => losses.cosineSimilarity(number, number), "a"],
      ["contrastive", () => losses.contrastive(number, number, number), "a"],
    ] as const) {
      expect(call, name).toThrow(ShapeError);
      expect(call).toThrow(
        `${name}: ${what} must have a last dimension, of which a vector or distribution is made; got f32[]. Reshape it to [1].`,
      );
    }
    expect(() => losses.focal(y, labels(0), { classWeights: zeros([3]) })).toThrow(
      "focal: classWeights must be f32[2], one for each class; got f32[3].",
    );
    expect(() => losses.huber(zeros([0, 2]), zeros([0, 2]))).toThrow(
      "huber: there must be an element to reduce; got axes [0, 1] of f32[0, 2].",
    );
  });

  it("take classes of two as numbers of any kind, and as bool", () => {
    const x = tensor([0.3, -2]);
    const wanted = only(losses.binaryCrossEntropyWithLogits(x, tensor([1, 0])));
    for (const t of [
      labels(1, 0),
      tensor([true, false], [2], "bool"),
      tensor(Uint32Array.of(1, 0)),
    ])
      expect(only(losses.binaryCrossEntropyWithLogits(x, t))).toBe(wanted);
    const [a, b] = [tensor([[1, 2]]), tensor([[2, -3]])];
    expect(only(losses.cosineEmbedding(a, b, labels(-1), { margin: -1 }))).toBe(
      only(losses.cosineEmbedding(a, b, tensor([-1]), { margin: -1 })),
    );
  });

  it("klDivergence does not pass over targets that are no probabilities", () => {
    const logs = tensor([[-1, -2]]);
    for (const target of [
      [NaN, 1],
      [-0.5, 1],
    ])
      expect(only(losses.klDivergence(logs, tensor([target])))).toBeNaN();
    expect(only(losses.klDivergence(logs, tensor([[NaN, 0]]), { logTarget: true }))).toBeNaN();
    expect(only(losses.klDivergence(logs, tensor([[-Infinity, 0]]), { logTarget: true }))).toBe(2);
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
