/** One lowering on a GPU against the float64 reference: for tests that force a variant. */
import { overwritesOf } from "../../src/ops/table.ts";
import type { OpName } from "../../src/ops/vocabulary.ts";
import type { GroupInstruction, GroupProgram, View } from "../../src/scheduler/group-program.ts";
import type {
  Epilogue,
  KernelCall,
  Lower,
  LoweredOp,
  Region,
  Site,
} from "../../src/scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import type { Case } from "../cases/case.ts";
import { type ByName, caseInputs, evaluate, mapHeld, relativeError } from "./case-data.ts";
import { openTestGpu } from "./dawn.ts";
import { Bench } from "./run-calls.ts";

/** A bench on the software adapter with all of its limits. No adapter is a failure. */
export async function openBench(): Promise<Bench> {
  const owner = await openTestGpu();
  const { adapter } = owner;
  const { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup } = adapter.limits;
  const requiredLimits = { maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup };
  return new Bench(await adapter.requestDevice({ requiredLimits }), owner);
}

export interface Outcome {
  /** The largest relative error of all outputs. */
  readonly error: number;
  readonly calls: readonly KernelCall[];
  /** The first output. */
  readonly values: ArrayLike<number>;
}

export interface WithEpilogue {
  readonly hasBias: boolean;
  readonly activation: Activation | undefined;
  /** Whether a tensor of the result's shape is added behind the activation. */
  readonly hasResidual?: boolean;
  /** Whether what the activation is given is stored, too. */
  readonly hasSecond?: boolean;
}
type Activation = "relu" | "tanh" | "sigmoid";

const activations: Readonly<Record<Activation, (x: number) => number>> = {
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

/**
 * Runs `lower` on the inputs of `of` and compares every output; where `sumsOf` names an input, the sums of its columns
 * too.
 */
export async function checkKernel<K extends OpName & LoweredOp>(
  bench: Bench,
  op: K,
  lower: Lower<K> | { readonly fallback: string },
  of: Case<K>,
  epilogue?: WithEpilogue,
  sumsOf?: string,
): Promise<Outcome> {
  if (typeof lower !== "function") throw new Error(`${op} has no lowering: ${lower.fallback}`);
  const inputs = caseInputs(op, of);
  const expected = present(evaluate(op, inputs, of.attrs) as unknown as ByName<Values>);
  const byName = inputs as unknown as ByName<Values>;
  const overwrites = overwritesOf(op, of.attrs);

  const ins = mapEntries(byName, ({ type, data }) => bench.region(type.shape, data, type.dtype));
  const outs: Record<string, Region> = {};
  for (const [name, held] of Object.entries(expected)) {
    const { type } = held as Values;
    const overwritten = ins[overwrites[name] ?? ""];
    outs[name] = (overwritten as Region | undefined) ?? bench.scratch(type);
  }
  const [first] = Object.values(expected) as Values[];
  const bias = biasValues(first?.type.shape.at(-1) ?? 1);
  const given = first && epilogue && epilogueOf(bench, first.type.shape, bias, epilogue);
  const [second] = given?.more ?? [];
  const sums = sumsOf === undefined ? undefined : columnSums(byName[sumsOf] as Values);
  const columnSumsRegion = sums && bench.scratch({ dtype: "f32", shape: [sums.length] });
  const site = {
    ins,
    outs,
    attrs: of.attrs,
    epilogue: given,
    columnSums: columnSumsRegion,
    scratch: bench.scratch,
  };
  const calls = lower(site as unknown as Site<K>);
  await bench.run(calls);

  let error = 0;
  let values: ArrayLike<number> = [];
  for (const [name, region] of Object.entries(outs)) {
    const actual = await bench.read(region);
    const { data } = expected[name] as Values;
    const wanted = epilogue === undefined ? data : applied(data, bias, epilogue);
    error = Math.max(error, relativeError(actual, wanted));
    if (values.length === 0) values = actual;
  }
  if (second !== undefined && first !== undefined && epilogue !== undefined) {
    const { hasBias } = epilogue;
    const wanted = applied(first.data, bias, { hasBias, activation: undefined });
    error = Math.max(error, relativeError(await bench.read(second), wanted));
  }
  if (sums !== undefined && columnSumsRegion !== undefined)
    error = Math.max(error, relativeError(await bench.read(columnSumsRegion), sums));
  bench.clear();
  return { error, calls, values };
}

interface Values {
  readonly type: Region["type"];
  readonly data: ArrayLike<number>;
}

/** Without the optional outputs that there are not. */
function present<A>(held: ByName<A>): ByName<A> {
  return Object.fromEntries(Object.entries(held).filter(([, of]) => of !== undefined));
}

function mapEntries<A, B>(held: ByName<A>, change: (a: A) => B): ByName<B> {
  return Object.fromEntries(
    Object.entries(held).map(([name, of]) => [name, mapHeld(of, (value) => change(value))]),
  );
}

function columnSums({ type, data }: Values): Float64Array {
  const sums = new Float64Array(type.shape.at(-1) ?? 1);
  for (let i = 0; i < data.length; i++) {
    const column = i % sums.length;
    sums[column] = (sums[column] ?? 0) + (data[i] ?? 0);
  }
  return sums;
}

function epilogueOf(
  bench: Bench,
  shape: Shape,
  bias: Float32Array,
  { hasBias, activation, hasResidual = false, hasSecond = false }: WithEpilogue,
): Epilogue {
  const columns = bias.length;
  const every = { offset: 0, strides: [columns, 1] };
  const instructions: GroupInstruction[] = [{ kind: "input", input: 0, dtype: "f32" }];
  const inputs: View[] = [every];
  const ins: (Region | undefined)[] = [undefined];
  const add = (region: Region, view: View) => {
    const a = instructions.length - 1;
    const b = instructions.push({ kind: "input", input: ins.length, dtype: "f32" }) - 1;
    instructions.push({ kind: "binary", fn: "add", a, b, dtype: "f32" });
    inputs.push(view);
    ins.push(region);
  };
  if (hasBias) add(bench.region([columns], bias), { offset: 0, strides: [0, 1] });
  const shifted = instructions.length - 1;
  if (activation !== undefined)
    instructions.push({ kind: "unary", fn: activation, x: instructions.length - 1, dtype: "f32" });
  if (hasResidual) add(bench.region(shape, residualValues(sizeOf(shape))), every);
  const program: GroupProgram = {
    ...{ shape: [sizeOf(shape) / columns, columns], kept: 2, inputs, indices: [], instructions },
    stores: [instructions.length - 1, ...(hasSecond ? [shifted] : [])].map((register) => ({
      ...every,
      register,
    })),
  };
  const more = hasSecond ? [bench.scratch({ dtype: "f32", shape })] : [];
  return { program, ins, more };
}

function residualValues(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.cos(3 * i));
}

function biasValues(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i + 1));
}

function applied(
  data: ArrayLike<number>,
  bias: Float32Array,
  { hasBias, activation, hasResidual = false }: WithEpilogue,
): Float64Array {
  const residual = residualValues(data.length);
  return Float64Array.from(data, (x, i) => {
    const shifted = x + (hasBias ? (bias[i % bias.length] ?? 0) : 0);
    const active = activation === undefined ? shifted : activations[activation](shifted);
    return active + (hasResidual ? (residual[i] ?? 0) : 0);
  });
}
