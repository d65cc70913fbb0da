/**
 * Kernels in a form that SwiftShader compiles in a fraction of the time: inner loops rolled up, the same sums in the same
 * order.
 */
import { isFallback, type KernelCall } from "../../src/scheduler/lowering.ts";
import type { Step } from "../../src/scheduler/plan.ts";

export function rolledSteps(steps: readonly Step[]): readonly Step[] {
  return steps.map((step) =>
    step.kind === "loop"
      ? { ...step, body: rolledSteps(step.body) }
      : { ...step, call: isFallback(step.call) ? step.call : rolled(step.call) },
  );
}

export function rolled(call: KernelCall): KernelCall {
  if (call.constants.UNROLL === undefined) return call;
  // Of a group it says whether loops are unrolled, elsewhere how far.
  const unroll = call.kernel.startsWith("group/") ? 0 : 1;
  return { ...call, constants: { ...call.constants, UNROLL: unroll } };
}
