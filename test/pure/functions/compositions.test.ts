/** Scalar functions that are compositions, and their gradients, in float64 against their formulas. */
import { beforeEach, expect, test } from "vitest";
import {
  grad,
  hypot,
  mish,
  rsqrt,
  silu,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting({ seed: 1 });
});

const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const tanhOfSoftplus = (x: number) => Math.tanh(Math.log1p(Math.exp(x)));

const functions: readonly {
  readonly name: string;
  readonly verb: (x: Tensor) => Tensor;
  readonly at: readonly number[];
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}[] = [
  {
    name: "rsqrt",
    verb: rsqrt,
    at: [0.25, 1, 9],
    value: (x) => x ** -0.5,
    slope: (x) => -0.5 * x ** -1.5,
  },
  {
    name: "silu",
    verb: silu,
    at: [-20, -1.5, 0, 1.25, 20],
    value: (x) => x * sigma(x),
    slope: (x) => sigma(x) * (1 + x * (1 - sigma(x))),
  },
  {
    name: "mish",
    verb: mish,
    at: [-20, -1.5, 0, 1.25, 20],
    value: (x) => x * tanhOfSoftplus(x),
    slope: (x) => tanhOfSoftplus(x) + x * (1 - tanhOfSoftplus(x) ** 2) * sigma(x),
  },
];

test.each(functions)("$name and its gradient are what its formula says", (one) => {
  const x = tensor([...one.at]);
  const [slopes] = grad((of) => sum(one.verb(of as Tensor)), x);
  const [values = [], found = []] = evaluateTensors([one.verb(x), slopes as Tensor]);
  one.at.forEach((at, i) => {
    expect(values[i]).toBeCloseTo(one.value(at), 12);
    expect(found[i]).toBeCloseTo(one.slope(at), 12);
  });
});

test("hypot's gradient of two that are equally large is that of each", () => {
  const [a, b] = [tensor([3, -2, 0.5]), tensor([3, 2, -0.5])];
  const found = evaluateTensors(grad((x, y) => sum(hypot(x as Tensor, y as Tensor)), a, b));
  const half = Math.SQRT1_2;
  for (const [i, signs] of [
    [1, -1, 1],
    [1, 1, -1],
  ].entries()) {
    signs.forEach((sign, n) => {
      expect(found[i]?.[n]).toBeCloseTo(sign * half, 12);
    });
  }
});
