/**
 * Runs one op on one device without the scheduler: `planOp` makes a Plan of that op alone, with every input and
 * output bound; `runOp` loads it, runs it and reads the outputs. Free of the test runner, so that it also works
 * inside a page.
 */
import type { Device, Storage } from "../../src/devices/device.ts";
import type { Op } from "../../src/ops/op.ts";
import { packedOffsets } from "../../src/ops/packed.ts";
import { overwritesOf } from "../../src/ops/table.ts";
import type { Arity, Attrs, ByInput, ByOutput, KernelOp } from "../../src/ops/vocabulary.ts";
import type { GroupInstruction, GroupProgram } from "../../src/scheduler/group-program.ts";
import type {
  DeviceTraits,
  ElementwiseOp,
  FallbackCall,
  KernelCall,
  LoweredOp,
  Operand,
  Region,
  Site,
} from "../../src/scheduler/lowering.ts";
import type { BindingInfo, Plan, PlanBuffer } from "../../src/scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../../src/tensor/dtype.ts";
import { broadcastStrides, bytesOf, sizeOf, type TensorType } from "../../src/tensor/shape.ts";
import { elementwiseProgram, groupCalls } from "./elementwise-program.ts";

/** A tensor on the host: what an op is given, and what it gives back. */
export interface HostTensor {
  readonly type: TensorType;
  readonly data: HostArray;
}

type Held<T> = T | readonly T[] | undefined;
type ByName<T> = Readonly<Record<string, Held<T>>>;

/** The plan of one op, and where its inputs have to be written before a run. */
export interface OpPlan {
  readonly plan: Plan;
  /** Binding and element offset of every input, flattened in the order of the declaration. */
  readonly inputs: readonly { readonly binding: number; readonly offset: number }[];
  /** Regions of the outputs; bindings are the first buffers, so `buffer` is also the binding. */
  readonly outs: ByName<Region>;
}

const elementwiseOps: Readonly<Record<ElementwiseOp, true>> = {
  unary: true,
  binary: true,
  where: true,
  cast: true,
  literal: true,
  stopGradient: true,
  withGradient: true,
  recompute: true,
  reshape: true,
  pack: true,
};
function isElementwise(op: KernelOp): op is ElementwiseOp {
  return op in elementwiseOps;
}

function flatten<T>(held: Held<T>): readonly T[] {
  // Array.isArray does not narrow readonly arrays.
  return held === undefined ? [] : Array.isArray(held) ? held : [held as T];
}

function flattenAll<T>(declared: Readonly<Record<string, Arity>>, values: ByName<T>): T[] {
  return Object.keys(declared).flatMap((name) => flatten(values[name]));
}

/** Bindings are made first; temporaries (scratch) follow. */
class Regions {
  readonly bindings: BindingInfo[] = [];
  readonly slots: number[] = [];

  bind(name: string, kind: BindingInfo["kind"], type: TensorType): Region {
    const buffer = this.bindings.push({ kind, bytes: bytesOf(type), name }) - 1;
    return { buffer, offset: 0, type };
  }

  scratch(type: TensorType): Region {
    const slot = this.slots.push(bytesOf(type)) - 1;
    return { buffer: this.bindings.length + slot, offset: 0, type };
  }

  buffers(lastStep: number): PlanBuffer[] {
    const lifetime = [0, lastStep] as const;
    return [
      ...this.bindings.map(
        ({ bytes }, place): PlanBuffer => ({ bytes, kind: "binding", place, offset: 0, lifetime }),
      ),
      ...this.slots.map(
        (bytes, place): PlanBuffer => ({ bytes, kind: "temporary", place, offset: 0, lifetime }),
      ),
    ];
  }
}

/** The program of a single elementwise op over inputs that broadcast to `out`. */
function singleProgram(
  op: ElementwiseOp,
  attrs: unknown,
  ins: readonly Region[],
  out: TensorType,
): GroupProgram {
  const loads = ins.map(
    ({ type }, input): GroupInstruction => ({ kind: "input", input, dtype: type.dtype }),
  );
  // The attributes of one op of the union: which one, `op` says.
  const given = attrs as { fn: never; value: number };
  const [x = 0, y = 1, z = 2] = loads.keys();
  const dtype = out.dtype;
  const work: Record<ElementwiseOp, readonly GroupInstruction[]> = {
    unary: [{ kind: "unary", fn: given.fn, x, dtype }],
    binary: [{ kind: "binary", fn: given.fn, a: x, b: y, dtype }],
    where: [{ kind: "where", condition: x, a: y, b: z, dtype }],
    cast: [{ kind: "cast", x, dtype }],
    literal: [{ kind: "literal", value: given.value, dtype }],
    stopGradient: [],
    withGradient: [{ kind: "cast", x, dtype }],
    recompute: [],
    reshape: [],
    pack: [],
  };
  const instructions = [...loads, ...work[op]];
  const strides = ins.map(({ type }) =>
    broadcastStrides(op === "reshape" ? out.shape : type.shape, out.shape),
  );
  return elementwiseProgram(out.shape, strides, instructions);
}

/** Tensors that lie anywhere are copied into a pack. */
function packCalls(traits: DeviceTraits, ins: readonly Region[], out: Region): KernelCall[] {
  const { offsets } = packedOffsets(ins.map(({ type }) => type.shape));
  return ins.flatMap((from, i) => {
    if (sizeOf(from.type.shape) === 0) return [];
    return traits.copy(from, { ...from, buffer: out.buffer, offset: offsets[i] ?? 0 });
  });
}

function lowerOp<K extends KernelOp>(
  traits: DeviceTraits,
  op: K,
  definition: Op<K>,
  ins: ByName<Region>,
  outs: ByName<Region>,
  attrs: Attrs<K>,
  regions: Regions,
): readonly (KernelCall | FallbackCall)[] {
  const flatIns = flattenAll(definition.inputs, ins);
  const flatOuts = flattenAll(definition.outputs, outs);
  if (isElementwise(op)) {
    const [out] = flatOuts;
    if (out === undefined) throw new Error(`${op}: has no output`);
    if (op === "pack") return packCalls(traits, flatIns, out);
    const program = singleProgram(op, attrs, flatIns, out.type);
    return groupCalls(traits, program, flatIns, flatOuts);
  }
  const lowering = traits.lower[op as LoweredOp];
  if (typeof lowering === "function") {
    const site = {
      ins,
      outs,
      attrs,
      epilogue: undefined,
      scratch: (type: TensorType) => regions.scratch(type),
    };
    // `lowering` is the one of `op`, which the table's type no longer says once indexed by a union.
    return (lowering as (site: unknown) => readonly KernelCall[])(
      site as unknown as Site<LoweredOp>,
    );
  }
  const present = (declared: Readonly<Record<string, Arity>>, held: ByName<Region>) =>
    Object.fromEntries(Object.keys(declared).map((name) => [name, flatten(held[name]).length]));
  const overwritten = new Set(flatIns);
  const operands: Operand[] = [
    ...flatIns.map((region): Operand => ({ region, access: "read" })),
    ...flatOuts.map(
      (region): Operand => ({ region, access: overwritten.has(region) ? "readwrite" : "write" }),
    ),
  ];
  return [
    {
      kernel: "fallback",
      op,
      attrs,
      operands,
      presentInputs: present(definition.inputs, ins),
      presentOutputs: present(definition.outputs, outs),
      why: lowering.fallback,
    },
  ];
}

export function planOp<K extends KernelOp>(
  traits: DeviceTraits,
  op: K,
  definition: Op<K>,
  ins: ByInput<K, TensorType>,
  attrs: Attrs<K>,
): OpPlan {
  const regions = new Regions();
  // ByInput and ByOutput are records by name; a mapped type over an open K is not known to be one.
  const inTypes = ins as unknown as ByName<TensorType>;
  const outTypes = definition.infer(ins, attrs) as unknown as ByName<TensorType>;
  const overwrites = overwritesOf(op, attrs);
  const place = (name: string, kind: BindingInfo["kind"], held: Held<TensorType>): Held<Region> => {
    if (held === undefined) return undefined;
    if (!Array.isArray(held)) return regions.bind(name, kind, held as TensorType);
    return held.map((type: TensorType, i) => regions.bind(`${name}.${i}`, kind, type));
  };

  const inRegions: Record<string, Held<Region>> = {};
  for (const name of Object.keys(definition.inputs)) {
    const kind = Object.values(overwrites).includes(name) ? "variable" : "input";
    inRegions[name] = place(name, kind, inTypes[name]);
  }
  const outs: Record<string, Held<Region>> = {};
  for (const name of Object.keys(definition.outputs)) {
    const overwritten = overwrites[name];
    outs[name] =
      overwritten === undefined ? place(name, "output", outTypes[name]) : inRegions[overwritten];
  }

  const calls = lowerOp(traits, op, definition, inRegions, outs, attrs, regions);
  const total = regions.slots.reduce((sum, bytes) => sum + bytes, 0);
  const plan: Plan = {
    device: traits.name,
    steps: calls.map((call, i) => ({
      kind: "call",
      call,
      label: op,
      why: "one op",
      barrierBefore: i > 0,
    })),
    buffers: regions.buffers(Math.max(0, calls.length - 1)),
    slots: regions.slots,
    bindings: regions.bindings,
    results: flattenAll(definition.outputs, outs).map(({ buffer, offset, type }) => ({
      binding: buffer,
      offset,
      type,
    })),
    memory: { peakBytes: total, lowerBoundBytes: total, unsharedBytes: total },
  };
  const inputs = flattenAll(definition.inputs, inRegions).map(({ buffer, offset }) => ({
    binding: buffer,
    offset,
  }));
  return { plan, inputs, outs };
}

/** The outputs of `op` on `device`, f32 results as Float32Arrays. */
export async function runOp<K extends KernelOp>(
  device: Device,
  op: K,
  definition: Op<K>,
  ins: ByInput<K, HostTensor>,
  attrs: Attrs<K>,
): Promise<ByOutput<K, HostTensor>> {
  const tensors = ins as unknown as ByName<HostTensor>;
  const types = Object.fromEntries(
    Object.entries(tensors).map(([name, held]) => [
      name,
      held === undefined
        ? undefined
        : Array.isArray(held)
          ? held.map((t) => t.type)
          : (held as HostTensor).type,
    ]),
  ) as unknown as ByInput<K, TensorType>;
  const { plan, inputs, outs } = planOp(device.traits, op, definition, types, attrs);

  const storages: Storage[] = plan.bindings.map(({ bytes }) => device.allocate(bytes));
  flattenAll(definition.inputs, tensors).forEach(({ data }, i) => {
    const { binding = 0, offset = 0 } = inputs[i] ?? {};
    const storage = storages[binding];
    if (storage !== undefined && data.length > 0) {
      device.write(storage, offset * BYTES_PER_ELEMENT, data);
    }
  });
  const program = await device.load(plan);
  const reads = plan.results.map(({ binding, offset, type }) => ({
    storage: storages[binding] ?? { bytes: 0 },
    byteOffset: offset * BYTES_PER_ELEMENT,
    bytes: bytesOf(type),
  }));
  const results = await Promise.all(device.run(program, storages, reads));
  device.unload(program);
  for (const storage of storages) device.release(storage);

  let next = 0;
  const take = ({ type }: Region): HostTensor => {
    const buffer = results[next++] ?? new ArrayBuffer(0);
    return { type, data: viewAs(type.dtype, buffer, 0, sizeOf(type.shape)) };
  };
  return Object.fromEntries(
    Object.keys(definition.outputs).map((name) => {
      const held = outs[name];
      if (held === undefined) return [name, undefined];
      return [name, Array.isArray(held) ? held.map(take) : take(held as Region)];
    }),
  ) as unknown as ByOutput<K, HostTensor>;
}
