/** Every op: what each device has for it, how its gradient comes about, and how many cases it is tested with. */
import { backward } from "../../../src/autodiff/backward.ts";
import { differentiatedCell } from "../../../src/autodiff/cell-gradient.ts";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { referenceKernels } from "../../../src/devices/reference/table.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/index.ts";
import type { OpNode } from "../../../src/graph/graph.ts";
import type { Cotangent, Emit, Op, Value, Vjp } from "../../../src/ops/op.ts";
import { ops } from "../../../src/ops/table.ts";
import { vjps } from "../../../src/ops/vjps.ts";
import type { ByOutput, KernelOp, OpName } from "../../../src/ops/vocabulary.ts";
import { whyFallback } from "../../../src/scheduler/lower.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import type { TensorType } from "../../../src/tensor/shape.ts";
import type { Case, InputSpec } from "../../cases/case.ts";
import { caseTable } from "../../cases/index.ts";
import { type ByName, flatten, mapHeld, mapInputs } from "../case-data.ts";

export interface OpRow {
  readonly op: OpName;
  /** `x, w → out`; what may be missing has a question mark, lists have an ellipsis. */
  readonly signature: string;
  readonly reference: string;
  readonly cpu: string;
  readonly webgpu: string;
  readonly gradient: string;
  readonly cases: number;
}

/** An op that a device hands to the reference kernels, always or where a tensor is too large for its own. */
export interface Fallback {
  readonly device: string;
  readonly op: OpName;
  readonly why: string;
}

/** A GPU that binds little, so that what cases move does not fit it and has to be done in parts. */
const SMALL = webgpuTraits({
  limits: {
    maxBufferSize: 4096,
    maxStorageBufferBindingSize: 4096,
    maxStorageBuffersPerShaderStage: 8,
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupSizeX: 256,
  },
});
const BEYOND = "a tensor is larger than a kernel can reach";

export const opNames = Object.keys(ops) as OpName[];

export function opRow(op: OpName): OpRow {
  return {
    op,
    signature: signatureOf(ops[op] as Op<OpName>),
    reference: op in referenceKernels ? "kernel" : op === "scan" ? "loop" : "composite",
    cpu: placeOf(op, cpuTraits),
    webgpu: placeOf(op, webgpuTraits()),
    gradient: gradientOf(op),
    cases: caseTable[op].length,
  };
}

function signatureOf({ inputs, outputs }: Op<OpName>): string {
  const marks = { one: "", many: "…", optional: "?" };
  const side = (declared: object) =>
    Object.entries(declared)
      .map(([name, arity]) => `${name}${marks[arity as keyof typeof marks]}`)
      .join(", ");
  return `${side(inputs)} → ${side(outputs)}`.trim();
}

/** What runs the op on a device, as its traits say. */
function placeOf(op: OpName, { lower, walks, attention }: DeviceTraits): string {
  if (op === "scan") return "loop";
  if (op === "recurrence" || op === "recurrenceGrad") return walks === undefined ? "loop" : "walk";
  if (op === "attention" || op === "attentionGrad")
    return attention === undefined ? "composite" : "kernel";
  if (!(op in lower)) return "group";
  return typeof lower[op as keyof typeof lower] === "function" ? "kernel" : "fallback";
}

/** All of them, with the devices' own reasons. */
export function fallbacks(): Fallback[] {
  const devices = [
    { traits: cpuTraits, small: cpuTraits },
    { traits: webgpuTraits(), small: SMALL },
  ];
  return devices.flatMap(({ traits, small }) =>
    opNames.flatMap((op): Fallback[] => {
      const lowering = traits.lower[op as keyof typeof traits.lower];
      if (lowering === undefined) return [];
      const device = traits.name;
      if (typeof lowering !== "function") return [{ device, op, why: lowering.fallback }];
      const type: TensorType = { dtype: "f32", shape: [small.maxRegionBytes] };
      const isStuck = nodesOf(op as KernelOp).every(
        (node) => whyFallback(node, [type], small) !== undefined,
      );
      return isStuck ? [{ device, op, why: BEYOND }] : [];
    }),
  );
}

/** The nodes of an op's cases, as far as a device looks at them. */
function nodesOf(op: KernelOp): OpNode<KernelOp>[] {
  return (caseTable[op] as readonly Case<KernelOp>[]).map((one) => {
    const { ins, outs } = typed(op, one);
    return { op, ins, outs, attrs: one.attrs } as unknown as OpNode<KernelOp>;
  });
}

/** Only types are known, of inputs and of what ops make of them. */
const emitTypes: Emit = (op, ins, attrs) => {
  const types = mapInputs(ins, ({ type }: Value) => type);
  const outs = (ops[op] as Op<typeof op>).infer(types, attrs) as unknown as ByName<TensorType>;
  const values = Object.entries(outs).map(([name, held]) => [
    name,
    mapHeld(held, (type): Value => ({ type })),
  ]);
  return Object.fromEntries(values) as ByOutput<typeof op, Value>;
};

function typed<K extends OpName>(op: K, { ins, attrs }: Case<K>) {
  const values = mapInputs<K, InputSpec, Value>(ins, ({ shape, dtype = "f32" }) => ({
    type: { dtype, shape },
  }));
  return { ins: values, outs: emitTypes(op, values, attrs) };
}

/** How the gradient of its inputs is made: by a rule of its own, through its parts or its body; or a dash: it has none. */
function gradientOf(op: OpName): string {
  const vjp = vjps[op] as Vjp<OpName>;
  if (vjp === "throughComposite") return "of its parts";
  if (vjp === "throughBody") return "of its body";
  const cases = caseTable[op] as readonly Case<OpName>[];
  return cases.some((one) => hasGradient(op, one)) ? "rule" : "–";
}

/** Whether an op, with these attributes, passes a gradient on to an input; the case is one of its own. */
export function hasGradient<K extends OpName>(op: K, one: Case<K>): boolean {
  const vjp = vjps[op] as Vjp<K>;
  if (typeof vjp === "string") return true;
  const { ins, outs } = typed(op, one);
  const isFloat = ({ type }: Value) => type.dtype === "f32";
  const names = Object.entries(outs as unknown as ByName<Value>);
  const cotangents = names.map(([name, held]) => [
    name,
    mapHeld(held, (value) => (isFloat(value) ? { type: value.type } : undefined)),
  ]);
  if (!names.some(([, held]) => flatten(held).some(isFloat))) return false;
  const given = { ins, outs, cotangents: Object.fromEntries(cotangents), attrs: one.attrs };
  const made = vjp(
    emitTypes,
    given as never,
    () => {
      throw new Error(`${op}: a rule that loops is not expected here`);
    },
    (cell) => differentiatedCell(cell, backward),
  ) as unknown as ByName<Cotangent>;
  return Object.values(made).some((held) =>
    flatten(held).some((value) => value !== undefined && "type" in value),
  );
}

/** Cases of a scalar function or a reduction, or of all of an op where it has no functions. */
export function casesOf(op: OpName, fn: string | undefined): readonly Case<OpName>[] {
  const cases = caseTable[op] as readonly Case<OpName>[];
  if (fn === undefined) return cases;
  return cases.filter(({ attrs }) => "fn" in attrs && attrs.fn === fn);
}
