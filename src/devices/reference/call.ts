import { ops } from "../../ops/table.ts";
import type { Arity } from "../../ops/vocabulary.ts";
import type { FallbackCall } from "../../scheduler/lowering.ts";
import { runReference } from "./evaluate.ts";
import type { ReferenceTensor } from "./kernel.ts";

/** Runs a step of a plan on the reference kernels. `tensors` stand for its operands, in their order. */
export function runFallbackCall(call: FallbackCall, tensors: readonly ReferenceTensor[]): void {
  const { inputs, outputs } = ops[call.op];
  const inputCount = Object.values(call.presentInputs).reduce((sum, n) => sum + n, 0);
  const site = {
    ins: byName(inputs, call.presentInputs, tensors.slice(0, inputCount)),
    outs: byName(outputs, call.presentOutputs, tensors.slice(inputCount)),
    attrs: call.attrs,
  };
  // The call was made from a node of this op: names and attributes are its own, which no type can say here.
  runReference(call.op, site as never);
}

function byName(
  declared: Readonly<Record<string, Arity>>,
  present: Readonly<Record<string, number>>,
  tensors: readonly ReferenceTensor[],
): Record<string, ReferenceTensor | readonly ReferenceTensor[] | undefined> {
  let next = 0;
  return Object.fromEntries(
    Object.entries(declared).map(([name, arity]) => {
      const held = tensors.slice(next, next + (present[name] ?? 0));
      next += held.length;
      return [name, arity === "many" ? held : held[0]];
    }),
  );
}
