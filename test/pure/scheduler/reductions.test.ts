/** What is folded into a reduction of a whole tensor, and what is not. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  broadcastTo,
  cast,
  div,
  exp,
  greater,
  max,
  maximum,
  mean,
  min,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  sumOfSquares,
} from "../../../src/functions.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { input, labels, planned, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

const x = input("x", [7, 5]);
const y = input("y", [7, 5]);
const row = input("row", [5]);
const step = input("step", []);

/** A device that reduces to numbers in one pass, and does nothing else along with it. */
const onePass: DeviceTraits = {
  ...referenceTraits,
  groups: { ...referenceTraits.groups, takes: () => false },
};

describe("a reduction of a whole tensor", () => {
  it("takes in the ops that make its terms and those on its result", async () => {
    const loss = sqrt(mean(square(sub(x, row))));
    expect(labels(await planned({ outputs: [loss] }))).toEqual(["sub + square + reduce + sqrt"]);
  });

  it("is joined by another of as many elements, whatever their shapes", async () => {
    const flat = reshape(y, [35]);
    const total = sum(mul(x, 2));
    const count = maximum(sum(cast(greater(reshape(flat, [7, 5]), 0), "f32")), 1);
    const plan = await planned({ outputs: [div(total, count), max(flat), min(y)] });
    expect(plan.steps.length).toBe(1);
  });

  it("keeps its own result where that is wanted too", async () => {
    const total = sum(x);
    expect((await planned({ outputs: [total, exp(total)] })).steps.length).toBe(1);
    const plan = await planned({ outputs: [exp(total), add(x, total)] }, onePass);
    expect(labels(plan)).toEqual(["reduce + exp", "add"]);
  });

  it("leaves ops alone whose results others read", async () => {
    const terms = exp(x);
    const plan = await planned({ outputs: [sum(terms), terms] }, onePass);
    expect(labels(plan)).toEqual(["exp", "reduce"]);
    const two = await planned({ outputs: [sum(terms), sum(terms, { axis: 0 })] }, onePass);
    expect(labels(two)).toContain("exp");
  });

  it("does not join one that it depends on", async () => {
    const first = sum(x);
    const plan = await planned({ outputs: [sum(mul(y, first))] }, onePass);
    expect(labels(plan)).toEqual(["reduce", "mul + reduce"]);
  });

  it("reads through broadcasts", async () => {
    const plan = await planned({ outputs: [sum(broadcastTo(row, [7, 5])), sum(mul(x, step))] });
    expect(plan.steps.length).toBe(1);
  });

  it("updates a number in place, and not one that its terms read", async () => {
    const next = add(step, max(x));
    const plan = await planned({ updates: [[step, next]], outputs: [mul(next, 2)] });
    expect(labels(plan)).toEqual(["reduce + add + mul"]);
    const looped = await planned({ updates: [[step, add(step, sum(mul(x, step)))]] });
    expect(labels(looped)).toEqual(["mul + reduce + add", "copy"]);
  });

  it("keeps to as many operands as a kernel may have", async () => {
    const narrow = { ...referenceTraits, maxElementwiseOperands: 4 };
    const parts = [x, y, mul(x, y), add(x, row)].map((part) => sum(exp(part)));
    const plan = await planned({ outputs: [...parts] }, narrow);
    for (const { call } of callsOf(plan.steps)) expect(call.operands.length).toBeLessThanOrEqual(4);
  });

  it("of large tensors is not joined to another, but still takes in what is around it", () => {
    const [large, other] = [input("large", [1025, 1024]), input("other", [1025, 1024])];
    const outputs = [mean(square(large)), sum(exp(other))];
    const plan = schedule(requestOf(wishOf({ outputs })), referenceTraits);
    expect(labels(plan)).toEqual(["square + reduce", "exp + reduce"]);
  });

  it("is one step with what surrounds it on every device", () => {
    const outputs = [sqrt(sum(square(x)))];
    for (const traits of [cpuTraits, webgpuTraits(), webgpuTraits({ software: true })]) {
      const plan = schedule(requestOf(wishOf({ outputs })), traits);
      expect(labels(plan)).toEqual(["square + reduce + sqrt"]);
    }
  });
});

describe("the sum of squares over tensors", () => {
  it("is added up with the ops on its result, on every device", () => {
    const squares = sumOfSquares([x, input("large", [40, 40])]);
    const wish = { outputs: [sqrt(squares)], updates: [[step, add(step, squares)]] as const };
    for (const traits of [cpuTraits, webgpuTraits(), webgpuTraits({ software: true })]) {
      const steps = labels(schedule(requestOf(wishOf(wish)), traits));
      const all = new Set(steps.filter((label) => label !== "copy"));
      expect([...all]).toEqual(["square + reduce + sqrt + add"]);
    }
  });
});
