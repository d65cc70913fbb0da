/** Plans that are made, checked, run, and compared with the same graph computed op by op. */
import { expect } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { ReferenceDevice, referenceTraits } from "../../src/devices/reference/device.ts";
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { Tensor } from "../../src/functions.ts";
import type { GraphValue, SourceNode } from "../../src/graph/graph.ts";
import type { DeviceTraits } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import { schedule } from "../../src/scheduler/schedule.ts";
import type { DType, HostArray } from "../../src/tensor/dtype.ts";
import type { Shape, TensorType } from "../../src/tensor/shape.ts";
import { drawTensor, keyFrom, relativeError, toHost } from "./case-data.ts";
import { checkPlan } from "./check-plan.ts";
import { evaluateGraph, given, requestOf, runPlan, type Wish } from "./run-graph.ts";

/** A tensor that is handed in. */
export function input(name: string, shape: Shape, dtype: DType = "f32"): Tensor {
  return new Tensor(given({ dtype, shape }, name).out);
}

export function sourceOf(tensor: Tensor): SourceNode {
  const { node } = tensor.value;
  if (node.op !== "source") throw new Error("not an input");
  return node;
}

export interface TensorWish {
  readonly outputs?: readonly Tensor[];
  /** Variables and their new values. */
  readonly updates?: readonly (readonly [variable: Tensor, value: Tensor])[];
  readonly packs?: readonly (readonly Tensor[])[];
}

export function wishOf({ outputs = [], updates = [], packs = [] }: TensorWish): Wish {
  return {
    outputs: outputs.map(({ value }) => value),
    updates: updates.map(([variable, { value }]) => ({ source: sourceOf(variable), value })),
    packs: packs.map((pack) => pack.map(sourceOf)),
  };
}

/** Chains are rounded once per program and not once per op: 20 ops differ by about 20 ε. */
const TOLERANCE = 2e-6;

/** The plan, once it has been checked to be sound and to compute what the graph says. */
export async function planned(
  wish: TensorWish,
  traits: DeviceTraits = referenceTraits,
  draw: (name: string) => readonly [number, number] = () => [-1, 1],
  tolerance = TOLERANCE,
  device: Device = new ReferenceDevice(),
): Promise<Plan> {
  const request = requestOf(wishOf(wish));
  const plan = schedule(request, traits);
  expect(checkPlan(plan)).toEqual([]);
  const given = new Map<SourceNode, ReferenceTensor>();
  const data = new Map<SourceNode, HostArray>();
  for (const node of request.placements.keys()) {
    const { type, name } = node.holder;
    const tensor = elements(type, name, draw(name), tolerance === 0);
    given.set(node, tensor);
    data.set(node, toHost(tensor).data);
  }
  const roots = [...request.outputs, ...request.updates.map(({ value }) => value)];
  const expected = evaluateGraph(
    roots,
    (node) => given.get(node) ?? { type: node.holder.type, data: new Float64Array() },
    "f64",
  );
  const actual = await runPlan(device, plan, request, data, 2);
  const check = (values: readonly GraphValue[], results: readonly HostArray[], what: string) => {
    values.forEach((value, i) => {
      const error = relativeError(results[i] ?? [], expected.get(value)?.data ?? []);
      expect(error, `${what} ${i}`).toBeLessThanOrEqual(value.type.dtype === "f32" ? tolerance : 0);
    });
  };
  check(request.outputs, actual.outputs, "output");
  check(
    request.updates.map(({ value }) => value),
    actual.updates,
    "update",
  );
  return plan;
}

/** Numbers in the range; whole ones, if nothing may go wrong. */
function elements(
  type: TensorType,
  name: string,
  range: readonly [number, number],
  isWhole: boolean,
) {
  if (type.dtype === "bool") return drawTensor(type, keyFrom(name), [0, 2]);
  if (!isWhole) return drawTensor(type, keyFrom(name), range);
  const { data } = drawTensor({ dtype: "i32", shape: type.shape }, keyFrom(name), range);
  return { type, data: Float64Array.from(data) };
}

export function labels(plan: Plan): string[] {
  return plan.steps.map(({ label }) => label);
}
