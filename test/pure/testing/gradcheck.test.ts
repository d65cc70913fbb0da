import { describe, expect, it } from "vitest";
import {
  exp,
  matmul,
  mul,
  sin,
  softmax,
  stopGradient,
  sum,
  type Tensor,
} from "../../../src/functions.ts";
import { CheckFailedError, gradcheck, seeded } from "../../../src/testing/index.ts";

async function messageOf(checking: Promise<void>): Promise<string> {
  const error: unknown = await checking.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(CheckFailedError);
  return (error as Error).message;
}

describe("gradcheck", () => {
  it.each(seeded(5))("holds for expressions of the verbs, %s", async (draw) => {
    const [m, k, n] = draw.shape(3, 1, 5) as [number, number, number];
    const [a, b] = [
      { data: draw.floats(m * k), shape: [m, k] },
      { data: draw.floats(k * n), shape: [k, n] },
    ];
    await gradcheck((x, y) => softmax(sin(matmul(x, exp(y)))), [a, b]);
  });

  it("finds a gradient that is wrong, and shows where", async () => {
    const wrong = (x: Tensor) => mul(x, stopGradient(x));
    expect(await messageOf(gradcheck(wrong, [[1, 2, 3]]))).toMatchInlineSnapshot(`
      "gradcheck: the gradient must be what differences in f64 say; got 3 of 3 that are not. Compare the rows with the derivative on paper; beside a corner, as that of a relu, move the input.

        input  along      gradient  difference quotient  allowed error
        0      element 1  1.68796   3.37592              2.4e-6
        0      element 2  -1.51146  -3.02292             2.4e-6
        0      element 0  0.699178  1.39836              2.4e-6"
    `);
  });

  it("finds one wrong element of many", async () => {
    const data = new Float32Array(100).fill(0.5);
    const square = {
      value: (x: Float32Array) => x.map((v) => v * v),
      gradient: (u: Float32Array, x: Float32Array) => [
        x.map((v, i) => (i === 71 ? 1.9 : 2) * v * (u[i] ?? 0)),
      ],
    };
    expect(await messageOf(gradcheck(square, [data]))).toMatch(/direction/);
  });

  it("takes hand-written functions, in what they compute in", async () => {
    const dot = {
      value: async (a: Float32Array, b: Float32Array) => [
        a.reduce((total, x, i) => total + x * (b[i] ?? 0), 0),
      ],
      gradient: async (u: Float32Array, a: Float32Array, b: Float32Array) => [
        b.map((x) => x * (u[0] ?? 0)),
        a.map((x) => x * (u[0] ?? 0)),
      ],
    };
    await gradcheck(dot, [new Float32Array(5).fill(0.3), [1, 2, 3, 4, 5]]);
    const swapped = {
      ...dot,
      gradient: async (...[u, a, b]: Parameters<typeof dot.gradient>) =>
        await dot.gradient(u, b, a),
    };
    await expect(
      gradcheck(swapped, [new Float32Array(5).fill(0.3), [1, 2, 3, 4, 5]]),
    ).rejects.toThrow(CheckFailedError);
    const one = { ...dot, gradient: async () => [new Float32Array(5)] };
    await expect(gradcheck(one, [[1], [2]])).rejects.toThrow(/one for each of the 2 inputs; got 1/);
  });

  it("finds NaN and gradients of another size", async () => {
    const nothing = { value: (x: Float32Array) => x, gradient: () => [new Float32Array(2)] };
    await expect(gradcheck(nothing, [[1, 2, 3]])).rejects.toThrow(/its 3 elements; got 2/);
    const none = {
      value: (x: Float32Array) => x,
      gradient: () => [new Float32Array(3).fill(Number.NaN)],
    };
    await expect(gradcheck(none, [[1, 2, 3]])).rejects.toThrow(/NaN/);
  });

  it("passes on what an expression throws", async () => {
    await expect(gradcheck((x) => sum(x, { axis: 4 }), [[1, 2]])).rejects.toThrow(/sum/);
    await expect(gradcheck((x) => x, "1" as unknown as number[][])).rejects.toThrow(/inputs/);
  });
});
