/** What a device's traits make of one case of an op. */
import { ops } from "../../src/ops/table.ts";
import type { KernelOp } from "../../src/ops/vocabulary.ts";
import type { DeviceTraits, FallbackCall, KernelCall } from "../../src/scheduler/lowering.ts";
import { callsOf } from "../../src/scheduler/plan.ts";
import type { TensorType } from "../../src/tensor/shape.ts";
import type { Case } from "../cases/case.ts";
import { mapInputs } from "./case-data.ts";
import { planOp } from "./run-case.ts";

export function loweredCalls<K extends KernelOp>(
  traits: DeviceTraits,
  op: K,
  of: Case<K>,
): (KernelCall | FallbackCall)[] {
  const types = mapInputs(of.ins, ({ shape, dtype = "f32" }): TensorType => ({ dtype, shape }));
  const { plan } = planOp(traits, op, ops[op], types, of.attrs);
  return callsOf(plan.steps).map(({ call }) => call);
}
