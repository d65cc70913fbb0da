import type { Device } from "../../src/devices/device.ts";
import { emit, type GraphValue, type SourceNode } from "../../src/graph/graph.ts";
import type { OpName } from "../../src/ops/vocabulary.ts";
import { schedule } from "../../src/scheduler/schedule.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import type { Case } from "../cases/case.ts";
import { type ByName, caseInputs, flatten, mapInputs, toHost } from "./case-data.ts";
import { given, requestOf, runPlan } from "./run-graph.ts";

/** What a device gives for a case: all outputs, one behind the other. */
export async function caseOutputs<K extends OpName>(
  device: Device,
  op: K,
  of: Case<K>,
): Promise<readonly HostArray[]> {
  const data = new Map<SourceNode, HostArray>();
  const ins = mapInputs(caseInputs(op, of), (tensor, name, i): GraphValue => {
    const node = given(tensor.type, `${name} ${i}`);
    data.set(node, toHost(tensor).data);
    return node.out;
  });
  const outs = emit(op, ins, of.attrs) as unknown as ByName<GraphValue>;
  const request = requestOf({ outputs: Object.values(outs).flatMap((held) => flatten(held)) });
  const plan = schedule(request, device.traits);
  return (await runPlan(device, plan, request, data)).outputs;
}
