/** Losses in float64 against PyTorch's, CTC against all of its paths too, and what is refused. */
import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { full, gradients, sum, type Tensor, tensor, zeros } from "../../../src/functions.ts";
import { losses } from "../../../src/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { computed, lossGoldens, titleOf } from "../../support/loss-goldens.ts";

describe("losses are PyTorch's", () => {
  it.each(lossGoldens.map((golden) => [titleOf(golden), golden] as const))("%s", (_, golden) => {
    const { names, tensors, expected } = computed(golden);
    names.forEach((name, i) => {
      const found = evaluateTensor(tensors[i] ?? zeros([]));
      expect(relativeError(found, expected[i] ?? []), name).toBeLessThanOrEqual(1e-9);
    });
  });
});

/** What a path of classes says: each once where it stands in a row, without blanks. */
const collapsed = (path: readonly number[], blank: number) =>
  path.filter((label, t) => label !== blank && label !== path[t - 1]).join();

/** −log Σ of the probabilities of all paths of T frames that say `labels`. */
function allPaths(rows: readonly (readonly number[])[], labels: readonly number[], blank: number) {
  const classes = rows[0]?.length ?? 0;
  const probabilities = rows.map((row) => {
    const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
    return row.map((x) => Math.exp(x) / total);
  });
  let sum = 0;
  for (let code = 0; code < classes ** rows.length; code++) {
    const path = rows.map((_, t) => Math.floor(code / classes ** t) % classes);
    if (collapsed(path, blank) !== labels.join()) continue;
    sum += path.reduce((product, label, t) => product * (probabilities[t]?.[label] ?? 0), 1);
  }
  return -Math.log(sum);
}

describe("ctc", () => {
  it.each([
    [5, [1, 2], 0],
    [5, [1, 1], 0],
    [4, [2, 1, 2], 0],
    [6, [1], 0],
    [5, [0, 1], 2],
    [3, [], 0],
  ] as const)("of %i frames and labels %j with blank %i is that of all paths", (T, own, blank) => {
    const rows = Array.from({ length: T }, (_, t) =>
      [0, 1, 2].map((c) => Math.fround(Math.sin(3 * t + 7 * c))),
    );
    const logits = tensor(rows.map((row) => [row]));
    const padded = [...own, ...new Array(4 - own.length).fill(-1)];
    const loss = (x: Tensor) =>
      losses.ctc(x, tensor([padded], [1, 4], "i32"), { blank, reduction: "sum" });
    const expected = allPaths(rows, own, blank);
    expect(evaluateTensor(loss(logits))[0]).toBeCloseTo(expected, 10);
    // The gradient by central differences of all paths.
    const [g = logits] = gradients(loss(logits), [logits]);
    const found = evaluateTensor(g);
    const step = 1e-5;
    for (const [t, row] of rows.entries())
      for (const [c, x] of row.entries()) {
        const moved = (by: number) =>
          rows.map((other, i) => other.map((y, k) => (i === t && k === c ? x + by : y)));
        const [up, down] = [step, -step].map((by) => allPaths(moved(by), own, blank));
        const slope = ((up ?? 0) - (down ?? 0)) / (2 * step);
        expect(found[t * 3 + c]).toBeCloseTo(slope, 6);
      }
  });

  it("is infinite where there are too few frames, or 0 without a gradient", () => {
    const logits = tensor([[[1, 2, 3]], [[3, 1, 2]]]);
    const labels = tensor([[1, 1]], [1, 2], "i32");
    expect(evaluateTensor(losses.ctc(logits, labels))).toEqual([Number.POSITIVE_INFINITY]);
    const none = losses.ctc(logits, labels, { zeroInfinity: true });
    expect(evaluateTensor(none)).toEqual([0]);
    const [g = logits] = gradients(none, [logits]);
    expect(evaluateTensor(g).map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("does not look at frames behind a sequence's end, and finds labels that are no classes", () => {
    const logits = tensor([[[1, 2, 3]], [[3, 1, 2]], [[Number.POSITIVE_INFINITY, 0, 0]]]);
    const labels = tensor([[1]], [1, 1], "i32");
    const lengths = tensor([2], [1], "i32");
    const short = tensor([[[1, 2, 3]], [[3, 1, 2]]]);
    expect(evaluateTensor(losses.ctc(logits, labels, { lengths }))).toEqual(
      evaluateTensor(losses.ctc(short, labels)),
    );
    const wrong = evaluateTensor(losses.ctc(short, tensor([[3]], [1, 1], "i32")));
    expect(wrong).toEqual([Number.NaN]);
  });
});

describe("losses at their borders", () => {
  it("of rows that count for nothing are 0, with gradient 0", () => {
    const logits = tensor([[1, 2, 3]]);
    const labels = tensor([-1], [1], "i32");
    const classWeights = tensor([0, 0, 0]);
    for (const loss of [
      losses.crossEntropy(logits, labels, { labelSmoothing: 0.1 }),
      losses.crossEntropy(logits, tensor([1], [1], "i32"), { classWeights }),
      losses.crossEntropy(logits, tensor([1], [1], "i32"), { weights: tensor([0]) }),
      losses.focal(logits, labels),
      losses.huber(tensor([1]), tensor([5]), { weights: tensor([0]) }),
    ]) {
      expect(evaluateTensor(loss)).toEqual([0]);
      const [g = logits] = gradients(loss, [logits]);
      expect(evaluateTensor(g).map(Math.abs)).toEqual([0, 0, 0]);
    }
  });

  it("of what is infinitely wrong grow as they grow with what is very wrong", () => {
    const far = tensor([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, 0]);
    const loss = losses.huber(far, zeros([4]), { delta: 2, reduction: "none" });
    expect(evaluateTensor(loss)).toEqual([Infinity, Infinity, 2e30, 0].map(Math.fround));
    const [g = far] = gradients(sum(loss), [far]);
    expect(evaluateTensor(g)).toEqual([2, -2, 2, 0]);
  });

  it("have finite gradients where everything is right, or all the same", () => {
    const sure = tensor([[200, 0, 0]]);
    const cases: [Tensor, Tensor][] = [
      [losses.focal(sure, tensor([0], [1], "i32"), { gamma: 0.5 }), sure],
      [losses.binaryFocal(sure, tensor([[1, 0, 0]]), { gamma: 0 }), sure],
      [losses.binaryFocal(sure, tensor([[1, 0, 0]]), { gamma: 0.5 }), sure],
      [losses.logCosh(sure, zeros([1, 3])), sure],
      [losses.tripletMargin(sure, sure, sure), sure],
      [losses.contrastive(sure, sure, tensor([0])), sure],
    ];
    const none = zeros([1, 3]);
    cases.push([losses.cosineEmbedding(none, full([1, 3], 1), tensor([1])), none]);
    cases.push([losses.infoNce(none, none), none]);
    cases.push([losses.klDivergence(sure, none), none]);
    cases.forEach(([loss, of], i) => {
      const [g = of] = gradients(loss, [of]);
      const all = [...evaluateTensor(loss), ...evaluateTensor(g)];
      expect(all.every(Number.isFinite), `${i}: ${all}`).toBe(true);
    });
  });

  it("of probabilities of 0 and 1 are 0 where they are right, and 100 where they are wrong", () => {
    const sure = tensor([0, 1, 0, 1]);
    const loss = losses.binaryCrossEntropy(sure, tensor([0, 1, 1, 0]), { reduction: "none" });
    expect(evaluateTensor(loss).map(Math.abs)).toEqual([0, 0, 100, 100]);
    const [g = sure] = gradients(losses.binaryCrossEntropy(sure, tensor([0, 1, 1, 0])), [sure]);
    expect(evaluateTensor(g).every(Number.isFinite)).toBe(true);
  });

  const f32 = (...shape: number[]) => zeros(shape);
  const i32 = (...shape: number[]) => zeros(shape, "i32");
  it.each([
    [
      () => losses.crossEntropy(f32(4, 3), f32(4)),
      DTypeError,
      'crossEntropy: labels must be i32; got f32[4]. Write cast(labels, "i32"), or give probabilities of the shape of logits.',
    ],
    [
      () => losses.crossEntropy(f32(4, 3), f32(3, 4)),
      ShapeError,
      "crossEntropy: probabilities must have the shape of logits; got logits f32[4, 3], targets f32[3, 4].",
    ],
    [
      () => losses.crossEntropy(f32(4, 3), i32(4), { classWeights: f32(4) }),
      ShapeError,
      "crossEntropy: classWeights must be f32[3], one for each class; got f32[4].",
    ],
    [
      () => losses.crossEntropy(f32(4, 3), i32(4), { labelSmoothing: 1.5 }),
      ArgumentError,
      "crossEntropy: labelSmoothing must be a number from 0 to 1; got 1.5.",
    ],
    [
      () => losses.negativeLogLikelihood(f32(4, 3), i32(3)),
      ShapeError,
      "negativeLogLikelihood: labels must have the shape of logits without the last dimension, the classes; got",
    ],
    [
      () => losses.negativeLogLikelihood(f32(4, 3), f32(4)),
      DTypeError,
      "negativeLogLikelihood: labels must be i32; got f32[4].",
    ],
    [
      () => losses.negativeLogLikelihood(f32(4, 3), i32(4), { classWeights: f32(4) }),
      ShapeError,
      "negativeLogLikelihood: classWeights must be f32[3], one for each class; got f32[4].",
    ],
    [
      () => losses.huber(f32(4), f32(4), { weights: f32(3) }),
      ShapeError,
      "huber: weights must be f32 that broadcasts to the losses, [4]; got f32[3].",
    ],
    [
      () => losses.huber(f32(4), f32(4), { delta: 0 }),
      ArgumentError,
      "huber: delta must be a number above 0; got 0.",
    ],
    [
      () => losses.gaussianNll(f32(4), f32(4, 1), f32(4)),
      ShapeError,
      "gaussianNll: mean and variance must have the same shape; got f32[4] and f32[4, 1].",
    ],
    [
      () => losses.cosineEmbedding(f32(4, 2), f32(4, 2), f32(4, 2)),
      ShapeError,
      "cosineEmbedding: the similarities and target must have the same shape; got f32[4] and f32[4, 2].",
    ],
    [() => losses.infoNce(f32(4), f32(4)), ShapeError, "infoNce: a and b must be [N, D]"],
    [
      () => losses.ctc(f32(4, 3), i32(4)),
      ShapeError,
      "ctc: logits must be f32[T, N, C] and labels i32[N, S], of one frame and one label or more; got f32[4, 3] and i32[4].",
    ],
    [
      () => losses.ctc(f32(4, 2, 3), i32(2, 2), { blank: 3 }),
      ArgumentError,
      "ctc: blank must be one of the 3 classes; got 3.",
    ],
    [
      () => losses.ctc(f32(4, 2, 3), i32(2, 2), { lengths: i32(4) }),
      ShapeError,
      "ctc: lengths must be i32[2], the frames of each sequence; got i32[4].",
    ],
  ])("refuse %#", (make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
