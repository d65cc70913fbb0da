/** Which sums over rows ride along in a product; that they are right is tested on a device, where there are kernels. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { wrap } from "../../../src/functions/apply.ts";
import { add, matmul, mean, mul, reshape, sum, type Tensor } from "../../../src/functions.ts";
import { emit } from "../../../src/graph/graph.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { checkAliasing, checkPlan } from "../../support/check-plan.ts";
import { input, labels, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

const x = input("x", [64, 24]);
const g = input("g", [64, 40]);
const product = (a: Tensor, b: Tensor) => matmul(a, b, { transposeA: true });
const rows = (b: Tensor) => sum(b, { axis: 0 });

function steps(outputs: readonly Tensor[], traits: DeviceTraits = webgpuTraits()): string[] {
  const plan = schedule(requestOf(wishOf({ outputs })), traits);
  expect([...checkPlan(plan), ...checkAliasing(plan)]).toEqual([]);
  return [...new Set(labels(plan))];
}

describe("on a GPU the sum of the rows that a product reads", () => {
  it("rides along in it, whichever comes first in the graph", () => {
    expect(steps([product(x, g), rows(g)])).toEqual(["matmul + column sums"]);
    const [total, weights] = [rows(g), product(x, g)];
    expect(steps([total, weights])).toEqual(["matmul + column sums"]);
  });

  it("rides along through reshapes", () => {
    const deep = input("deep", [8, 8, 40]);
    const total = sum(deep, { axis: [0, 1] });
    expect(steps([product(x, reshape(deep, [64, 40])), total])).toEqual(["matmul + column sums"]);
  });

  it("rides along in the gradient of a convolution's filter", () => {
    const images = input("images", [2, 8, 8, 4]);
    const gradient = input("gradient", [2, 8, 8, 16]);
    const { out } = emit(
      "conv2dFilterGrad",
      { x: images.value, g: gradient.value },
      {
        groups: 1,
        stride: [1, 1],
        padding: [
          [1, 1],
          [1, 1],
        ],
        filterShape: [3, 3, 4, 16],
      },
    );
    const total = sum(gradient, { axis: [0, 1, 2] });
    expect(steps([wrap(out), total])).toEqual(["conv2dFilterGrad + column sums"]);
  });

  it("stays a step of its own where the product needs it first", () => {
    const scaled = mul(x, sum(rows(g)));
    expect(steps([product(scaled, g)])).toContain("reduce");
    const next = product(add(x, sum(product(x, g))), g);
    expect(steps([next])).not.toContain("matmul + column sums");
  });

  it("stays a step of its own where it is another sum, or other rows", () => {
    const others = [mean(g, { axis: 0 }), sum(g, { axis: 1 }), rows(add(g, 1)), sum(g)];
    for (const other of others)
      expect(steps([product(x, g), other])).not.toContain("matmul + column sums");
    expect(steps([matmul(g, x, { transposeA: true }), rows(g)])).toContain("reduce");
  });

  it("stays a step of its own where the product's kernel cannot make it", () => {
    const outputs = [product(x, g), rows(g)];
    const others = [webgpuTraits({ software: true }), webgpuTraits({ withhold: ["matmul"] })];
    for (const traits of [...others, cpuTraits]) expect(steps(outputs, traits)).toContain("reduce");
    const thin = input("thin", [64, 5]);
    expect(steps([product(x, thin), rows(thin)])).toContain("reduce");
  });
});
