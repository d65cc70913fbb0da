/** reduce/numbers on SwiftShader as hardware runs it: one and two passes, every combination, all dtypes. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  add,
  div,
  exp,
  full,
  max,
  maximum,
  mean,
  min,
  mul,
  sqrt,
  square,
  sub,
  sum,
  sumOfSquares,
} from "../../../src/functions.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";
import { input, labels, planned, type TensorWish } from "../../support/plans.ts";

let kernels: HardwareKernels;
beforeAll(async () => {
  kernels = await openHardwareKernels();
});
afterAll(() => kernels.close());

/** Sums of up to 40,000 terms in parts of a few hundred: about log₂ n + 256 roundings of ε / 2. */
const TOLERANCE = 2e-5;

const planFor = (wish: TensorWish) =>
  planned(wish, kernels.device.traits, () => [-1, 1], TOLERANCE, kernels.device);

test.each([2, 63, 64, 65, 257, 16384])("%i elements take one dispatch", async (n) => {
  const x = input(`x ${n}`, [n]);
  const plan = await planFor({ outputs: [mean(exp(x)), max(x), div(min(x), 2)] });
  expect(plan.steps.length).toBe(1);
});

test.each([16385, 40000])("%i elements take two", async (n) => {
  const x = input(`x ${n}`, [n]);
  const plan = await planFor({ outputs: [sqrt(mean(square(x))), maximum(max(sub(x, 3)), -9)] });
  expect(plan.steps.length).toBe(2);
});

test("terms are read with strides", async () => {
  const [x, row, column] = [input("x", [9, 6]), input("row", [6]), input("column", [9, 1])];
  const plan = await planFor({
    outputs: [sum(mul(x, row)), sum(mul(sub(x, column), row)), sum(mul(x, input("one", [])))],
  });
  expect(plan.steps.length).toBe(1);
  const constant = await planFor({ outputs: [sum(full([9, 6], 3))] });
  expect(constant.steps.length).toBe(1);
});

test.each(["i32", "u32"] as const)("%s has its own smallest and largest", async (dtype) => {
  const x = input(`${dtype} x`, [70], dtype);
  const wish = { outputs: [max(x), min(x), sum(x), add(max(x), 1)] };
  const range = dtype === "i32" ? ([-9, 9] as const) : ([1, 9] as const);
  const plan = await planned(wish, kernels.device.traits, () => range, 0, kernels.device);
  expect(plan.steps.length).toBe(1);
});

test("the sum of squares over packed tensors is added up with what follows, in place", async () => {
  const xs = [input("a", [33, 50]), input("b", [7])];
  const count = input("count", []);
  const norm = sqrt(sumOfSquares(xs));
  const plan = await planFor({
    outputs: [norm],
    updates: [[count, add(count, norm)]],
    packs: [xs],
  });
  expect(labels(plan)).toEqual(["square + reduce + sqrt + add"]);
});
