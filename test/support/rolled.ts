/**
 * Kernels in a form that SwiftShader compiles in a fraction of the time: inner loops rolled up, the same sums in the same
 * order, and in a recurrent step one unit for an invocation, with more workgroups to make up for it.
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
  const { MODE, ACROSS = 16 } = call.constants;
  // Of a group it says whether loops are unrolled, elsewhere how far.
  const constants = { ...call.constants, UNROLL: call.kernel.startsWith("group/") ? 0 : 1 };
  if (!call.kernel.startsWith("recurrent/") || MODE !== 0) return { ...call, constants };
  const [, , units = 0] = call.words;
  const [, rows, layers] = call.grid;
  const columns = Math.ceil(units / Number(ACROSS));
  return { ...call, constants: { ...constants, EACH: 1 }, grid: [columns, rows, layers] };
}
