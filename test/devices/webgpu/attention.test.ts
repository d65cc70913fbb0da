/** Attention's own kernels, on SwiftShader with those that are chosen for hardware. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AttentionOp } from "../../../src/ops/vocabulary.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import { attentionCases } from "../../cases/attention.ts";
import type { Case } from "../../cases/case.ts";
import { checkCase } from "../../support/conformance.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";
import { plannedCase } from "../../support/lowered-calls.ts";

let kernels: HardwareKernels;
beforeAll(async () => {
  kernels = await openHardwareKernels();
});
afterAll(() => kernels.close());

const cases = Object.entries(attentionCases) as [AttentionOp, readonly Case<AttentionOp>[]][];
describe.each(cases)("%s", (op, own) => {
  it.each(own)("$name", async (of) => {
    expect(await checkCase(kernels.device, op, of)).toEqual([]);
    const plan = plannedCase(kernels.device.traits, op, of);
    const used = callsOf(plan.steps).map(({ call }) => call.kernel);
    const isEmpty = of.ins.q.shape.includes(0) && op === "attention";
    if (isEmpty) expect(used).toEqual([]);
    else expect(used.every((kernel) => kernel.startsWith("attention/"))).toBe(true);
  });
});
