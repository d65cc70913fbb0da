/** Plans a graph, runs the plan on a device, and computes the same graph op by op. Free of the test runner. */
import type { Device, Storage } from "../../src/devices/device.ts";
import type { Precision, ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import {
  type GraphValue,
  type OpNode,
  reachable,
  type SourceNode,
  source,
} from "../../src/graph/graph.ts";
import { packedOffsets } from "../../src/ops/packed.ts";
import type { ByInput, OpName } from "../../src/ops/vocabulary.ts";
import type { BindingInfo, Plan } from "../../src/scheduler/plan.ts";
import type { PlanRequest } from "../../src/scheduler/request.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../../src/tensor/dtype.ts";
import { bytesOf, type TensorType } from "../../src/tensor/shape.ts";
import { type ByName, evaluate, mapHeld } from "./case-data.ts";

/** A value that is handed in. */
export function given(type: TensorType, name: string): SourceNode {
  const { node } = source({ type, name });
  if (node.op !== "source") throw new Error("source() made no source");
  return node;
}

export interface Wish {
  readonly outputs: readonly GraphValue[];
  /** Sources that are variables, and their new values. */
  readonly updates?: readonly { readonly source: SourceNode; readonly value: GraphValue }[];
  /** Sources that lie side by side in one binding. */
  readonly packs?: readonly (readonly SourceNode[])[];
}

/** Every source gets a binding of its own, unless it is packed. */
export function requestOf({ outputs, updates = [], packs = [] }: Wish): PlanRequest {
  const roots = [...outputs, ...updates.flatMap(({ source, value }) => [source.out, value])];
  const sources = reachable(roots).filter((node) => node.op === "source");
  const bindings: BindingInfo[] = [];
  const placements = new Map<SourceNode, { binding: number; offset: number }>();
  const kind = (node: SourceNode) =>
    updates.some((update) => update.source === node) ? "variable" : "input";
  for (const pack of packs) {
    const { offsets, length } = packedOffsets(pack.map(({ holder }) => holder.type.shape));
    const name = pack.map(({ holder }) => holder.name).join(", ");
    const bytes = length * BYTES_PER_ELEMENT;
    const binding = bindings.push({ kind: "variable", bytes, name }) - 1;
    pack.forEach((node, i) => {
      placements.set(node, { binding, offset: offsets[i] ?? 0 });
    });
  }
  for (const node of sources) {
    if (placements.has(node)) continue;
    const { name, type } = node.holder;
    const binding = bindings.push({ kind: kind(node), bytes: bytesOf(type), name }) - 1;
    placements.set(node, { binding, offset: 0 });
  }
  return { outputs, updates, bindings, placements };
}

export interface RunResult {
  readonly outputs: readonly HostArray[];
  /** What the variables hold afterwards. */
  readonly updates: readonly HostArray[];
}

/**
 * Loads `plan`, runs it on fresh storages, reads everything, and gives it all back. With `runs` 2 it starts from
 * the same data once more, on temporaries that are no longer zero.
 */
export async function runPlan(
  device: Device,
  plan: Plan,
  request: PlanRequest,
  data: ReadonlyMap<SourceNode, HostArray>,
  runs = 1,
): Promise<RunResult> {
  const program = await device.load(plan);
  const storages = plan.bindings.map(({ bytes }) => device.allocate(bytes));
  const storageAt = (binding: number): Storage => {
    const storage = storages[binding];
    if (storage === undefined) throw new Error(`the plan has no binding ${binding}`);
    return storage;
  };
  const writeAll = () => {
    for (const [node, { binding, offset }] of request.placements) {
      const elements = data.get(node);
      if (elements === undefined) throw new Error(`${node.holder.name} was given no elements`);
      if (elements.length > 0) {
        device.write(storageAt(binding), offset * BYTES_PER_ELEMENT, elements);
      }
    }
  };
  const places = [
    ...plan.results,
    ...request.updates.map(({ source }) => {
      const place = request.placements.get(source);
      if (place === undefined) throw new Error(`${source.holder.name} has no place`);
      return { ...place, type: source.holder.type };
    }),
  ];
  const reads = places.map(({ binding, offset, type }) => ({
    storage: storageAt(binding),
    byteOffset: offset * BYTES_PER_ELEMENT,
    bytes: bytesOf(type),
  }));
  try {
    for (let run = 1; run < runs; run++) {
      writeAll();
      await Promise.all(device.run(program, storages, []));
    }
    writeAll();
    const buffers = await Promise.all(device.run(program, storages, reads));
    const arrays = places.map(({ type }, i) =>
      viewAs(type.dtype, buffers[i] ?? new ArrayBuffer(0)),
    );
    const count = plan.results.length;
    return { outputs: arrays.slice(0, count), updates: arrays.slice(count) };
  } finally {
    device.unload(program);
    for (const storage of storages) device.release(storage);
  }
}

/** Every value that `roots` depend on, by the reference kernels, one op after the other. */
export function evaluateGraph(
  roots: readonly GraphValue[],
  elements: (source: SourceNode) => ReferenceTensor,
  precision: Precision,
): Map<GraphValue, ReferenceTensor> {
  const known = new Map<GraphValue, ReferenceTensor>();
  const tensor = (value: GraphValue) => {
    const found = known.get(value);
    if (found === undefined) throw new Error("a value is needed before it is computed");
    return found;
  };
  for (const node of reachable(roots)) {
    if (node.op === "source") known.set(node.out, elements(node));
    else computeNode(node, tensor, precision, known);
  }
  return known;
}

function computeNode(
  node: OpNode,
  tensor: (value: GraphValue) => ReferenceTensor,
  precision: Precision,
  known: Map<GraphValue, ReferenceTensor>,
): void {
  const held = node.ins as unknown as ByName<GraphValue>;
  const ins = Object.fromEntries(
    Object.entries(held).map(([name, value]) => [name, mapHeld(value, tensor)]),
  );
  // One node's op, inputs and attributes belong together; the compiler cannot follow that through the union.
  const op: OpName = node.op;
  const computed = evaluate(
    op,
    ins as unknown as ByInput<OpName, ReferenceTensor>,
    node.attrs as never,
    precision,
  ) as unknown as ByName<ReferenceTensor>;
  const values = node.outs as unknown as ByName<GraphValue>;
  for (const [name, out] of Object.entries(values)) {
    const tensors = [computed[name] ?? []].flat();
    [out ?? []].flat().forEach((value, i) => {
      const result = tensors[i];
      if (result !== undefined) known.set(value, result);
    });
  }
}
