import { describe, expect, it } from "vitest";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  broadcastTo,
  cast,
  conv2d,
  div,
  exp,
  greater,
  matmul,
  maximum,
  mul,
  relu,
  reshape,
  sigmoid,
  sub,
  sum,
  tanh,
  transpose,
  where,
} from "../../../src/functions.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { input, labels, planned, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

const [x, y] = [input("x", [7, 5]), input("y", [7, 5])];
const row = input("row", [5]);
const column = input("column", [7, 1]);

describe("elementwise fusion", () => {
  it("makes one step of a chain", async () => {
    const plan = await planned({ outputs: [tanh(mul(add(x, y), exp(x)))] });
    expect(labels(plan)).toEqual(["add + exp + mul + tanh"]);
    expect(plan.slots).toEqual([]);
  });

  it("reads rows and columns by broadcasting, in the same step", async () => {
    const plan = await planned({ outputs: [mul(add(x, row), sub(y, column))] });
    expect(plan.steps.length).toBe(1);
  });

  it("makes numbers part of the step", async () => {
    const plan = await planned({ outputs: [maximum(add(mul(x, 3), 0.5), 0)] });
    expect(plan.steps.length).toBe(1);
    expect(plan.bindings.length).toBe(2);
  });

  it("computes the shared part of a diamond once, in one step", async () => {
    const shared = exp(x);
    const plan = await planned({ outputs: [add(tanh(shared), sigmoid(shared))] });
    expect(labels(plan)).toEqual(["exp + tanh + sigmoid + add"]);
  });

  it("stores a value that is also an output, and still fuses its consumer", async () => {
    const middle = exp(x);
    const plan = await planned({ outputs: [middle, add(middle, 1)] });
    expect(plan.steps.length).toBe(1);
  });

  it("stores no value that only steps which were joined with its own read", async () => {
    const shared = exp(x);
    const plan = await planned({ outputs: [mul(shared, y), add(shared, y)] });
    expect(plan.steps.length).toBe(1);
    expect(plan.slots).toEqual([]);
    // Through a view it may be read from anywhere.
    const viewed = await planned({
      outputs: [mul(shared, y), sum(reshape(shared, [5, 7]), { axis: 0 })],
    });
    expect(viewed.slots.length).toBe(1);
  });

  it("keeps a value that a larger one reads by broadcasting in a step of its own", async () => {
    const plan = await planned({ outputs: [add(x, tanh(row))] });
    expect(labels(plan)).toEqual(["tanh", "add"]);
  });

  it("mixes dtypes: comparison, choice and cast", async () => {
    const chosen = where(greater(x, y), cast(cast(mul(x, 9), "i32"), "f32"), y);
    expect((await planned({ outputs: [chosen] })).steps.length).toBe(1);
  });

  it("is split where a program would have more operands than the device allows", async () => {
    const many = Array.from({ length: 9 }, (_, i) => input(`part ${i}`, [7, 5]));
    const total = many.reduce((a, b) => add(a, b));
    expect((await planned({ outputs: [total] })).steps.length).toBe(1);
    const narrow = { ...referenceTraits, maxElementwiseOperands: 4 };
    const plan = await planned({ outputs: [total] }, narrow);
    expect(plan.steps.length).toBe(4);
    for (const { call } of callsOf(plan.steps)) expect(call.operands.length).toBeLessThanOrEqual(4);
  });

  it("does not join steps where one reads the other through a view", async () => {
    const column = input("thin", [3, 1]);
    const doubled = mul(column, 2);
    // A sum over one element is a reshape, and a program cannot look through it.
    const total = sum(doubled, { axis: 1, keepDims: true });
    await planned({ outputs: [mul(column, add(column, total))] });
    await planned({ outputs: [doubled, add(reshape(doubled, [1, 3]), 1)] });
  });

  it("joins steps on single numbers of different ranks, whose views of each other are the numbers themselves", async () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name, rank) => {
      const shape = new Array<number>(rank === 0 ? 3 : rank).fill(1);
      return input(name, shape);
    });
    if (!(a && b && c && d)) throw new Error("four inputs were made");
    const products = [mul(a, reshape(c, [1, 1, 1])), mul(reshape(d, [1]), b)];
    const total = products.map((one) => sum(one)).reduce((sum, one) => add(sum, one));
    const plan = await planned({ outputs: [total, reshape(mul(total, 2), [1, 1])] });
    for (const { call } of callsOf(plan.steps)) {
      const written = call.operands.filter(({ access }) => access === "readwrite");
      expect(written).toEqual([]);
    }
  });

  it("stores a broadcast only for an op that is not elementwise", async () => {
    const wide = broadcastTo(row, [7, 5]);
    expect(labels(await planned({ outputs: [add(wide, x)] }))).toEqual(["add"]);
    expect(labels(await planned({ outputs: [sum(wide, { axis: 0 })] }))).toEqual(["reduce"]);
    const product = matmul(wide, wide, { transposeB: true });
    expect(labels(await planned({ outputs: [product] }))).toEqual(["broadcastTo", "matmul"]);
  });
});

describe("common subexpressions and identities", () => {
  it("are computed once", async () => {
    const plan = await planned({ outputs: [add(sum(exp(x)), mul(sum(exp(x)), 2))] });
    expect(labels(plan)).toEqual(["exp + reduce + mul + add"]);
  });

  it("cost nothing: x · 1, x / 1, x − 0, a reshape to the same shape", async () => {
    const plan = await planned({ outputs: [reshape(sub(div(mul(x, 1), 1), 0), [7, 5])] });
    expect(labels(plan)).toEqual(["copy"]);
  });

  it("leave a transpose to the matmul's own loader", async () => {
    const product = matmul(transpose(x), y);
    expect(labels(await planned({ outputs: [product] }))).toEqual(["matmul"]);
  });
});

describe("what follows a product", () => {
  const w = input("w", [5, 3]);
  const bias = input("bias", [3]);

  const product = relu(add(matmul(x, w), bias));
  const images = input("images", [2, 5, 5, 3]);
  const filters = input("filters", [3, 3, 3, 4]);
  const convolution = tanh(add(conv2d(images, filters), input("filter bias", [4])));

  it("becomes its epilogue: bias and activation, of convolutions, too", () => {
    const request = requestOf(wishOf({ outputs: [product, convolution] }));
    const plan = schedule(request, webgpuTraits());
    expect(labels(plan)).toContain("matmul + add + relu");
    for (const alone of ["add", "relu", "tanh"]) expect(labels(plan)).not.toContain(alone);
  });

  it("follows in one more step where the device has no kernel", async () => {
    const plan = await planned({ outputs: [product, convolution] });
    expect(labels(plan)).toEqual(["matmul", "add + relu", "conv2d", "add + tanh"]);
  });

  it("is no epilogue where the product itself is wanted as well", async () => {
    const product = matmul(x, w);
    const plan = await planned({ outputs: [product, relu(product)] });
    expect(labels(plan)[0]).toBe("matmul");
  });

  it("is no epilogue where the bias depends on the product", async () => {
    const product = matmul(x, w);
    await planned({ outputs: [add(product, sum(product, { axis: 0 }))] });
  });

  it("adds two products of one row each by one of them", async () => {
    const line = input("line", [1, 5]);
    await planned({ outputs: [sigmoid(add(matmul(line, w), matmul(tanh(line), w)))] });
  });
});
