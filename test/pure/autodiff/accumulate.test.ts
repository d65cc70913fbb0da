import { describe, expect, it } from "vitest";
import {
  add,
  embedding,
  grad,
  mul,
  slice,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { reachable } from "../../../src/graph/graph.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const data = Float32Array.from({ length: 12 }, (_, i) => i + 1);

/** The gradient of the sum of squares of rows first … end, for all of `cuts` together. */
function gradientOf(cuts: readonly (readonly [first: number, end: number])[]): Tensor {
  const loss = (x: Tensor) =>
    cuts
      .map(([first, end]) => slice(x, [first, 0], [end - first, 2]))
      .map((part) => sum(mul(part, part)))
      .reduce((a, b) => add(a, b));
  const [gradient] = grad((x) => loss(x as Tensor), tensor(data, [6, 2]));
  return gradient as Tensor;
}

function opsOf(tensor: Tensor): string[] {
  return reachable([tensor.value]).map(({ op }) => op);
}

describe("the gradient of a tensor that is read in parts", () => {
  it("is the parts' gradients side by side, whatever their number", () => {
    const gradient = gradientOf([
      [0, 1],
      [1, 4],
      [4, 6],
    ]);
    expect(evaluateTensor(gradient)).toEqual([...data].map((value) => 2 * value));
    const { node } = gradient.value;
    expect(node.op === "concat" && node.ins.xs).toHaveLength(3);
    expect(opsOf(gradient)).not.toContain("pad");
  });

  it("is the parts' gradients side by side in whatever order they are read", () => {
    const gradient = gradientOf([
      [4, 6],
      [0, 1],
      [3, 4],
      [1, 3],
    ]);
    expect(evaluateTensor(gradient)).toEqual([...data].map((value) => 2 * value));
    const { node } = gradient.value;
    expect(node.op === "concat" && node.ins.xs).toHaveLength(4);
    expect(opsOf(gradient)).not.toContain("pad");
  });

  it("is padded where parts are missing, and added up where they overlap", () => {
    const apart = evaluateTensor(
      gradientOf([
        [1, 2],
        [2, 4],
      ]),
    );
    expect(apart).toEqual([...data].map((value, i) => (i >= 2 && i < 8 ? 2 * value : 0)));
    const overlapping = evaluateTensor(
      gradientOf([
        [0, 4],
        [2, 6],
      ]),
    );
    expect(overlapping).toEqual([...data].map((value, i) => (i >= 4 && i < 8 ? 4 : 2) * value));
  });
});

describe("the gradient of a table that is looked up in several places", () => {
  const [a, b, c] = [
    tensor([[0, 3, 3]], [1, 3], "i32"),
    tensor([5, 3], [2], "i32"),
    tensor([-1, 9, 1], [3], "i32"),
  ];
  const tableOf = (rows: number) => {
    const x = tensor(
      Float32Array.from({ length: 2 * rows }, (_, i) => i + 1),
      [rows, 2],
    );
    const of = (ids: Tensor, x: Tensor | undefined) => embedding(x as Tensor, ids);
    const [gradient] = grad((x) => {
      const scaled = [of(a, x), mul(of(b, x), 10), mul(of(c, x), 100)].map((part) => sum(part));
      return scaled.reduce((first, second) => add(first, second));
    }, x);
    return gradient as Tensor;
  };
  // An id below 0 and one beyond the table have no row.
  const rows = [
    [0, 1],
    [1, 100],
    [3, 12],
    [5, 10],
    [9, 100],
  ] as const;
  const expected = (count: number) => {
    const all = new Array<number>(2 * count).fill(0);
    for (const [row, value] of rows) if (row < count) all.fill(value, 2 * row, 2 * row + 2);
    return all;
  };

  it("is one of all ids where the table is longer than they are", () => {
    const gradient = tableOf(10);
    expect(evaluateTensor(gradient)).toEqual(expected(10));
    expect(opsOf(gradient).filter((op) => op === "embeddingGrad")).toHaveLength(1);
    const { node } = gradient.value;
    const { ids } = node.op === "embeddingGrad" ? node.ins : { ids: undefined };
    // Side by side in one go, not one pair after the other.
    expect(ids?.node.op === "concat" && ids.node.ins.xs).toHaveLength(3);
  });

  it("is a sum of tables where they are shorter", () => {
    const gradient = tableOf(4);
    expect(evaluateTensor(gradient)).toEqual(expected(4));
    expect(opsOf(gradient).filter((op) => op === "embeddingGrad")).toHaveLength(3);
  });
});
