import { ops } from "../../ops/table.ts";
import type { Arity, OpName } from "../../ops/vocabulary.ts";
import type { FallbackCall } from "../../scheduler/lowering.ts";
import type { HostArray } from "../../tensor/dtype.ts";
import { viewAs } from "../../tensor/dtype.ts";
import type { ReferenceTensor } from "../reference/kernel.ts";
import { runReference } from "../reference/reference-device.ts";

/** What a fallback step wrote, and into which of its operands. */
export interface Written {
  readonly operand: number;
  readonly data: HostArray;
}

type Held = ReferenceTensor | readonly ReferenceTensor[] | undefined;

/**
 * Runs a step on the reference kernels. `values` are the bytes of its operands before the step: outputs that
 * overwrite an input lie in the same region, and so begin as a copy of it.
 */
export function runFallback(call: FallbackCall, values: readonly ArrayBuffer[]): Written[] {
  const tensors = call.operands.map(
    ({ region }, i): ReferenceTensor & { readonly data: HostArray } => ({
      type: region.type,
      data: viewAs(region.type.dtype, values[i] ?? new ArrayBuffer(0)),
    }),
  );
  const { inputs, outputs } = ops[call.op];
  const inputCount = Object.values(call.presentInputs).reduce((sum, n) => sum + n, 0);
  const site = {
    ins: byName(inputs, call.presentInputs, tensors.slice(0, inputCount)),
    outs: byName(outputs, call.presentOutputs, tensors.slice(inputCount)),
    attrs: call.attrs,
  };
  // The call was made from a node of this op: names and attributes are its own, which no type can say here.
  runReference(call.op as OpName, site as unknown as Parameters<typeof runReference>[1]);
  return tensors.slice(inputCount).map(({ data }, i) => ({ operand: inputCount + i, data }));
}

function byName(
  declared: Readonly<Record<string, Arity>>,
  present: Readonly<Record<string, number>>,
  tensors: readonly ReferenceTensor[],
): Record<string, Held> {
  let next = 0;
  const entries = Object.entries(declared).map(([name, arity]): [string, Held] => {
    const held = tensors.slice(next, next + (present[name] ?? 0));
    next += held.length;
    return [name, arity === "many" ? held : held[0]];
  });
  return Object.fromEntries(entries);
}
