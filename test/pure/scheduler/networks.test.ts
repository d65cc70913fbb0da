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
  "the LSTM of one step for a GPU": () => planOf(charLstm({ steps: 1, hidden: 128 }), gpu),
  "a large LSTM for a GPU": () => planOf(charLstm({ steps: 5, hidden: 512 }), gpu),
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
  const dispatches = (plan: Plan) => {
    expect(fallbacksOf(plan)).toEqual([]);
    expect(submitsOf(plan)).toBe(1);
    return plan.steps.length;
  };
  const lstm = (steps: number, hidden: number, batch = 32) =>
    dispatches(planOf(charLstm({ steps, hidden, batch }), gpu));

  it("a step of the CNN is one submit of 22 dispatches, nothing on the fallback", () => {
    expect(dispatches(planOf(cnn(), gpu))).toBe(22);
  });

  it("a step of the LSTM is one submit of 22 dispatches, however long its window", () => {
    // Of a short window one more sum is made in parts, which keeps more cores busy.
    expect([32, 64, 256, 512].map((steps) => lstm(steps, 128))).toEqual([23, 22, 22, 22]);
  });

  it("a step of a large LSTM has two for every step of its window, and 21 more", () => {
    expect([32, 256].map((steps) => lstm(steps, 512) - 2 * steps)).toEqual([21, 21]);
  }, 30_000);

  it("a step of the LSTM has hardly more for the longest windows and the oddest sizes", () => {
    for (const [steps, hidden, batch] of [
      [1, 128, 32],
      [2, 17, 1],
      [7, 33, 5],
      [100, 128, 64],
      [1024, 64, 128],
    ] as const)
      expect(lstm(steps, hidden, batch)).toBeLessThanOrEqual(27);
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
  expect(labels.filter((label) => label === "conv2d + add + relu").length).toBe(2);
  expect(labels).toContain("matmul + add");
});
