/** Whole training steps, planned for devices that are not there. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { explainPlan, fallbacksOf, submitsOf } from "../../../src/scheduler/explain.ts";
import type { Plan } from "../../../src/scheduler/plan.ts";
import { checkAliasing, checkPlan } from "../../support/check-plan.ts";
import { charLstm, cnn, planOf } from "../../support/small-models.ts";

const gpu = webgpuTraits();
const softwareGpu = webgpuTraits({ software: true });

const plans: Readonly<Record<string, () => Plan>> = {
  "the CNN for a GPU": () => planOf(cnn(), gpu),
  "the CNN for a software GPU": () => planOf(cnn(), softwareGpu),
  "the CNN for the cpu": () => planOf(cnn(), cpuTraits),
  "the LSTM for a GPU": () => planOf(charLstm({ steps: 32, hidden: 128 }), gpu),
  "the LSTM of two layers for a GPU": () =>
    planOf(charLstm({ steps: 9, hidden: 33, layers: 2 }), gpu),
  "the LSTM of two layers for the cpu": () =>
    planOf(charLstm({ steps: 9, hidden: 33, layers: 2 }), cpuTraits),
  "the LSTM for the reference": () => planOf(charLstm({ steps: 9, hidden: 16 }), referenceTraits),
};

describe("the plan of a training step is sound", () => {
  it.each(Object.entries(plans))("of %s", (_, make) => {
    const plan = make();
    expect(checkPlan(plan)).toEqual([]);
    if (plan.device === "webgpu") expect(checkAliasing(plan)).toEqual([]);
    expect(explainPlan(plan)).toContain(`Plan for ${plan.device}`);
  });
});

describe("on a GPU", () => {
  it("a step of the CNN is one submit of at most 40 dispatches, nothing on the fallback", () => {
    const plan = planOf(cnn(), gpu);
    expect(fallbacksOf(plan)).toEqual([]);
    expect(submitsOf(plan)).toBe(1);
    expect(plan.steps.length).toBeLessThanOrEqual(40);
  });

  it("a step of the LSTM is one submit, whose dispatches do not grow with its steps", () => {
    const [short = 0, long = 0, longest = 0] = [32, 256, 512].map((steps) => {
      const plan = planOf(charLstm({ steps, hidden: 128 }), gpu);
      expect(fallbacksOf(plan)).toEqual([]);
      expect(submitsOf(plan)).toBe(1);
      return plan.steps.length;
    });
    // Long sums take a second pass, once each; nothing else depends on the length.
    expect(long - short).toBeLessThanOrEqual(4);
    expect(longest - long).toBeLessThanOrEqual(1);
    expect(longest).toBeLessThanOrEqual(40);
  });
});

it("a step of the CNN updates its parameters in place: nothing is copied", () => {
  for (const traits of [gpu, cpuTraits]) {
    const copies = planOf(cnn(), traits).steps.filter(({ label }) => label === "copy");
    expect(copies.map(({ why }) => why)).toEqual([]);
  }
});

it("biases and activations are part of the kernels before them", () => {
  const labels = planOf(cnn(), gpu).steps.map(({ label }) => label);
  expect(labels.filter((label) => label === "conv2d + bias + relu").length).toBe(2);
  expect(labels).toContain("matmul + bias");
});
