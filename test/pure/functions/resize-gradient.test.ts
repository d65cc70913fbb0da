import { expect, it } from "vitest";
import { grad, mul, resize, sum, tensor } from "../../../src/functions.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

// Resizing is linear: its gradient in g is g's in what resizes to it. Short lines have a product for it, long ones a scatter.
it.each([5, 256, 257, 300])("the gradient of a bilinear line of %i is that of its pixels", (n) => {
  const line = (length: number, by: number) =>
    tensor(
      Float32Array.from({ length }, (_, i) => Math.sin(by * i)),
      [1, 1, length, 1],
    );
  const resized = (x: ReturnType<typeof line>) => resize(x, [1, 2 * n - 1], { mode: "bilinear" });
  const [x, g] = [line(n, 0.7), line(2 * n - 1, 1.3)];
  const [gx] = grad((x) => sum(mul(resized(x), g)), x);
  const along = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((total, value, i) => total + value * (b[i] ?? 0), 0);
  if (gx === undefined) throw new Error("no gradient");
  const [own, there] = [evaluateTensor(gx), evaluateTensor(resized(x))];
  expect(own).toHaveLength(n);
  expect(along(own, evaluateTensor(x))).toBeCloseTo(along(there, evaluateTensor(g)), 4);
  // One pixel: its shares in its neighbours.
  const place = (i: number) => Math.min(n - 1, Math.max(0, ((i + 0.5) * n) / (2 * n - 1) - 0.5));
  const share = (i: number) => Math.max(0, 1 - Math.abs(place(i) - 2));
  const wanted = Array.from({ length: 2 * n - 1 }, (_, i) => share(i) * Math.sin(1.3 * i));
  expect(own[2]).toBeCloseTo(
    wanted.reduce((a, b) => a + b),
    5,
  );
});
