import { expect, it } from "vitest";
import { grad, pow, sum, type Tensor, tensor } from "../../../src/functions.ts";
import { reachable } from "../../../src/graph/graph.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const bases = [-2, -0, 0, 0.5, 3, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];

it.each([2, 3])("a power of %i is multiplied out, with the values and slopes of a power", (n) => {
  const x = tensor(bases);
  const power = pow(x, n);
  const made = [...reachable([power.value])];
  expect(made.some((node) => node.op === "binary" && node.attrs.fn === "pow")).toBe(false);
  expect(evaluateTensor(power)).toEqual(bases.map((base) => base ** n));
  const finite = tensor([-2, 0, 0.5, 3]);
  const [slope = finite] = grad((of: Tensor) => sum(pow(of, n)), finite);
  expect(evaluateTensor(slope).map((y) => y + 0)).toEqual(
    [-2, 0, 0.5, 3].map((base) => n * base ** (n - 1)),
  );
});

it("any other power, of a number or of tensors, is one", () => {
  const x = tensor([4, 9]);
  expect(evaluateTensor(pow(x, 0.5))).toEqual([2, 3]);
  expect(evaluateTensor(pow(2, tensor([3, -1])))).toEqual([8, 0.5]);
  expect(evaluateTensor(pow(x, tensor(2)))).toEqual([16, 81]);
});
