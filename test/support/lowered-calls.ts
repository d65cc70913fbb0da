/** What a device's traits make of one case of an op. */
import { emit, type GraphValue } from "../../src/graph/graph.ts";
import { ops } from "../../src/ops/table.ts";
import type { KernelOp, OpName } from "../../src/ops/vocabulary.ts";
import type { DeviceTraits, FallbackCall, KernelCall } from "../../src/scheduler/lowering.ts";
import { callsOf, type Plan } from "../../src/scheduler/plan.ts";
import { schedule } from "../../src/scheduler/schedule.ts";
import type { TensorType } from "../../src/tensor/shape.ts";
import type { Case, InputSpec } from "../cases/case.ts";
import { type ByName, flatten, mapInputs } from "./case-data.ts";
import { planOp } from "./run-case.ts";
import { given, requestOf } from "./run-graph.ts";

/** By the op's own lowering. */
export function loweredCalls<K extends KernelOp>(
  traits: DeviceTraits,
  op: K,
  of: Case<K>,
): (KernelCall | FallbackCall)[] {
  const { plan } = planOp(traits, op, ops[op], mapInputs(of.ins, typeOf), of.attrs);
  return callsOf(plan.steps).map(({ call }) => call);
}

/** By the scheduler, from a graph of the op alone; nothing is drawn, so that it may be large. */
export function plannedCase<K extends OpName>(traits: DeviceTraits, op: K, of: Case<K>): Plan {
  const ins = mapInputs<K, InputSpec, GraphValue>(
    of.ins,
    (spec, name, i) => given(typeOf(spec), `${name} ${i}`).out,
  );
  const outs = emit(op, ins, of.attrs) as unknown as ByName<GraphValue>;
  const outputs = Object.values(outs).flatMap((held) => flatten(held));
  return schedule(requestOf({ outputs }), traits);
}

function typeOf({ shape, dtype = "f32" }: InputSpec): TensorType {
  return { dtype, shape };
}
