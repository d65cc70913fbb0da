/** What a device's traits make of one case of an op. */
import { ops } from "../../src/ops/table.ts";
import type { OpName } from "../../src/ops/vocabulary.ts";
import type { DeviceTraits, FallbackCall, KernelCall } from "../../src/scheduler/lowering.ts";
import type { TensorType } from "../../src/tensor/shape.ts";
import type { Case } from "../cases/case.ts";
import { mapInputs } from "./case-data.ts";
import { planOp } from "./run-case.ts";

export function loweredCalls<K extends OpName>(
  traits: DeviceTraits,
  op: K,
  of: Case<K>,
): (KernelCall | FallbackCall)[] {
  const types = mapInputs(of.ins, ({ shape, dtype = "f32" }): TensorType => ({ dtype, shape }));
  return planOp(traits, op, ops[op], types, of.attrs).plan.steps.map(({ call }) => call);
}
