import type { FallbackCall } from "../../scheduler/lowering.ts";
import { type HostArray, viewAs } from "../../tensor/dtype.ts";
import { runFallbackCall } from "../reference/call.ts";

/** What a fallback step wrote, and into which of its operands. */
export interface Written {
  readonly operand: number;
  readonly data: HostArray;
}

/**
 * Runs a step on the reference kernels. `values` are the bytes of its operands before the step: outputs that
 * overwrite an input lie in the same region, and so begin as a copy of it.
 */
export function runFallback(call: FallbackCall, values: readonly ArrayBuffer[]): Written[] {
  const tensors = call.operands.map(({ region }, i) => ({
    type: region.type,
    data: viewAs(region.type.dtype, values[i] ?? new ArrayBuffer(0)),
  }));
  runFallbackCall(call, tensors);
  return tensors.flatMap(({ data }, operand) =>
    call.operands[operand]?.access === "read" ? [] : [{ operand, data }],
  );
}
