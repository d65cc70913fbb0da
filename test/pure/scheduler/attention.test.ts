/** What plans make of attention: memory that grows with the steps, and where products take its place. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/index.ts";
import { attention, mean, square, type Tensor, valueAndGrad, vjp } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { callsOf, type Plan } from "../../../src/scheduler/plan.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { input } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

type Size = readonly [heads: number, steps: number, features: number];

/** Attention of a sequence to itself, alone or with its three gradients. */
function planned(traits: DeviceTraits, size: Size, causal: boolean, isTrained: boolean): Plan {
  const [q, k, v, g] = ["q", "k", "v", "g"].map((name) => input(name, size)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const [out, pull] = vjp(
    (a: Tensor, b: Tensor, c: Tensor) => attention(a, b, c, { causal }),
    q,
    k,
    v,
  );
  const results = isTrained ? [out, ...pull(g)] : [out];
  return schedule(requestOf({ outputs: results.map(({ value }) => value) }), traits);
}

const kernelsOf = (plan: Plan) => callsOf(plan.steps).map(({ call }) => call.kernel);
const isOwn = (plan: Plan) => kernelsOf(plan).some((kernel) => kernel.startsWith("attention"));

const devices = [
  ["webgpu", webgpuTraits()],
  ["a GPU in software", webgpuTraits({ software: true })],
  ["cpu", cpuTraits],
] as const;

describe.each(devices)("a step of attention on %s", (_, traits) => {
  it.each([false, true])(
    "takes memory that grows with the steps from 4,096 on, causal %s",
    (causal) => {
      const peaks = [4096, 8192].map(
        (steps) => planned(traits, [4, steps, 64], causal, true).memory.peakBytes,
      );
      const [first = 0, second = 0] = peaks;
      expect(first).toBeGreaterThan(0);
      expect(second).toBeLessThanOrEqual(2 * first);
      // Scores alone would be 256 MiB; eight times q is what parts of its gradient may take.
      expect(first).toBeLessThanOrEqual(8 * 4 * 4096 * 64 * 4 + 2 ** 18);
    },
  );
});

describe("attention", () => {
  it("is one dispatch on a GPU, a step of it four", () => {
    const gpu = webgpuTraits();
    expect(kernelsOf(planned(gpu, [8, 64, 32], true, false))).toEqual(["attention/forward"]);
    expect(kernelsOf(planned(gpu, [8, 64, 32], false, true))).toEqual([
      "attention/forward",
      "group/rows",
      "attention/grad",
      "attention/grad",
    ]);
  });

  it("leaves a step of a transformer block 30 dispatches on a GPU, in place of 34", () => {
    const block = nn.transformerBlock(64, 4, { hidden: 128, dropout: 0 });
    const x = input("x", [32, 8, 64]);
    const [loss, gradients] = valueAndGrad(block.parameters(), () => mean(square(block(x))));
    const outputs = [loss, ...gradients.values()].map(({ value }) => value);
    const own = webgpuTraits();
    const { attention: _, ...composed } = own;
    const [kernels, products] = [own, composed].map((traits) =>
      kernelsOf(schedule(requestOf({ outputs }), traits)),
    );
    expect(kernels).toHaveLength(30);
    expect(products).toHaveLength(34);
  });

  it("holds nothing of 2,048 steps by 2,048 on cpu and GPU", () => {
    for (const traits of [webgpuTraits(), cpuTraits]) {
      const plan = planned(traits, [4, 2048, 64], false, true);
      expect(plan.memory.peakBytes).toBeLessThan(2 ** 25);
    }
  });

  it("is made of products where that is faster: short sequences in training on the cpu, a GPU in software, wide features", () => {
    expect(isOwn(planned(cpuTraits, [8, 64, 32], false, false))).toBe(true);
    expect(isOwn(planned(cpuTraits, [8, 64, 32], false, true))).toBe(false);
    expect(isOwn(planned(cpuTraits, [8, 64, 32], true, true))).toBe(false);
    expect(isOwn(planned(cpuTraits, [8, 128, 32], true, true))).toBe(true);
    expect(isOwn(planned(webgpuTraits({ software: true }), [8, 64, 32], true, true))).toBe(false);
    expect(isOwn(planned(webgpuTraits(), [8, 64, 256], true, true))).toBe(false);
  });

  it("made of products computes what queries pay once, for values and gradients", () => {
    const kernels = kernelsOf(planned(cpuTraits, [8, 64, 32], false, true));
    expect(kernels.filter((kernel) => kernel === "gemm")).toHaveLength(6);
    expect(kernels).toHaveLength(7);
  });
});
