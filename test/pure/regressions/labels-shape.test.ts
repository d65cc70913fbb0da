/** Labels belong to rows of logits: in another shape they would be paired in another order, without a word. */
import { beforeAll, describe, expect, test } from "vitest";
import { GradgpuError, losses, ShapeError, type Tensor, tensor } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

const logits = () =>
  tensor(
    Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
    [2, 3, 4],
  );
const labels = (shape: readonly number[]) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Int32Array.from({ length }, (_, i) => i % 4),
    shape,
  );
};

/** −log softmax(row)[label], in float64. */
function lossOf(row: readonly number[], label: number): number {
  const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
  return Math.log(total) - (row[label] ?? Number.NaN);
}

const functions: readonly [string, (logits: Tensor, labels: Tensor) => Tensor][] = [
  ["crossEntropy", losses.crossEntropy],
  ["accuracy", losses.accuracy],
];

describe.each(functions)("%s", (name, fn) => {
  test.each([[[3, 2]], [[6]], [[1, 2, 3]], [[2, 3, 1]], [[2]], [[1]], [[]], [[2, 4]], [[2, 1]]])(
    "labels %j for logits [2, 3, 4] are refused, with both types",
    (shape) => {
      const call = () => fn(logits(), labels(shape));
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(
        `${name}: labels must have the shape of logits without the last dimension, the classes; got logits f32[2, 3, 4], labels i32[${shape.join(", ")}].`,
      );
      expect(call).toThrow(/Transpose or reshape/);
    },
  );

  test("one-hot labels name argmax, and what takes probabilities", () => {
    const two = tensor([1, 2, 3, 4], [2, 2]);
    const call = () => fn(two, tensor([1, 0, 0, 1], [2, 2], "i32"));
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(/argmax\(labels\); probabilities, as f32, are targets of losses/);
    expect(call).not.toThrow(/cast/i);
  });

  test("logits without classes have no rows", () => {
    expect(() => fn(tensor(1), tensor(0, [], "i32"))).toThrow(GradgpuError);
  });

  test.each([undefined, null, 5, [1, 2], "labels", Promise.resolve(1)])(
    "%o in place of a tensor is refused",
    (given) => {
      expect(() => fn(logits(), given as never)).toThrow(GradgpuError);
      expect(() => fn(given as never, labels([2, 3]))).toThrow(GradgpuError);
    },
  );
});

describe("labels of the right shape", () => {
  test("are paired row by row", async () => {
    const rows = [...(await logits().data())];
    const right = Array.from({ length: 6 }, (_, i) => lossOf(rows.slice(4 * i, 4 * i + 4), i % 4));
    const found = losses.crossEntropy(logits(), labels([2, 3]), { reduction: "none" });
    expect(found.shape).toEqual([2, 3]);
    [...(await found.data())].forEach((loss, i) => {
      expect(loss).toBeCloseTo(right[i] ?? Number.NaN, 5);
    });
  });

  test("of a single row are a single number", async () => {
    const one = losses.crossEntropy(tensor([1, 2, 3]), tensor(2, [], "i32"));
    expect(await one.item()).toBeCloseTo(lossOf([1, 2, 3], 2), 5);
    expect(await losses.accuracy(tensor([1, 2, 3]), tensor(2, [], "i32")).item()).toBe(1);
  });

  test("count for accuracy row by row", async () => {
    const scores = tensor([
      [
        [9, 0],
        [0, 9],
        [9, 0],
      ],
      [
        [0, 9],
        [0, 9],
        [9, 0],
      ],
    ]);
    const right = tensor(
      [
        [0, 1, 0],
        [0, 1, -1],
      ],
      [2, 3],
      "i32",
    );
    expect(await losses.accuracy(scores, right).item()).toBeCloseTo(4 / 5, 6);
  });
});
