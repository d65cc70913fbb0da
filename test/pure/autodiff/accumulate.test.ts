import { describe, expect, it } from "vitest";
import { add, grad, mul, slice, sum, type Tensor, tensor } from "../../../src/functions.ts";
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
