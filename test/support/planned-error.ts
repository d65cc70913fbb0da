/** One op by the scheduler, on a device: how far its outputs are from the float64 reference. */
import type { Device } from "../../src/devices/device.ts";
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { emit, type GraphValue, type SourceNode } from "../../src/graph/graph.ts";
import type { OpName } from "../../src/ops/vocabulary.ts";
import { schedule } from "../../src/scheduler/schedule.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import type { Case } from "../cases/case.ts";
import {
  type ByName,
  caseInputs,
  flatten,
  mapInputs,
  referenceOutputs,
  relativeError,
  toHost,
} from "./case-data.ts";
import { given, requestOf, runPlan } from "./run-graph.ts";

/** The largest relative error of all outputs, and the kernels that made them. */
export async function plannedError<K extends OpName>(
  device: Device,
  op: K,
  of: Case<K>,
): Promise<{ readonly error: number; readonly kernels: ReadonlySet<string> }> {
  const data = new Map<SourceNode, HostArray>();
  const ins = mapInputs<K, ReferenceTensor, GraphValue>(caseInputs(op, of), (tensor, name, i) => {
    const node = given(tensor.type, `${name} ${i}`);
    data.set(node, toHost(tensor).data);
    return node.out;
  });
  const outs = emit(op, ins, of.attrs) as unknown as ByName<GraphValue>;
  const expected = referenceOutputs(op, of) as unknown as ByName<ReferenceTensor>;
  const outputs = Object.values(outs).flatMap((held) => flatten(held));
  const wanted = Object.keys(outs).flatMap((name) => flatten(expected[name]));
  const request = requestOf({ outputs });
  const plan = schedule(request, device.traits);
  const result = await runPlan(device, plan, request, data);
  const errors = result.outputs.map((actual, i) => relativeError(actual, wanted[i]?.data ?? []));
  const kernels = plan.steps.map((step) => (step.kind === "loop" ? "loop" : step.call.kernel));
  return { error: Math.max(...errors), kernels: new Set(kernels) };
}
