/**
 * Every case of every op on one device, the way a user's graph gets there: emit, differentiate, schedule, load, run.
 * Values and gradients are compared with the float64 reference. Free of the test runner, so that it also runs inside
 * a page.
 */
import { backward } from "../../src/autodiff/backward.ts";
import type { Seed } from "../../src/autodiff/seed.ts";
import type { Device } from "../../src/devices/device.ts";
import type { ReferenceTensor } from "../../src/devices/reference/kernel.ts";
import { emit, type GraphValue, type SourceNode } from "../../src/graph/graph.ts";
import type { OpName } from "../../src/ops/vocabulary.ts";
import type { DeviceTraits } from "../../src/scheduler/lowering.ts";
import type { Plan } from "../../src/scheduler/plan.ts";
import type { PlanRequest } from "../../src/scheduler/request.ts";
import { schedule } from "../../src/scheduler/schedule.ts";
import type { HostArray } from "../../src/tensor/dtype.ts";
import type { Case } from "../cases/case.ts";
import { caseTable, verbTable } from "../cases/index.ts";
import { type ByName, drawTensor, flatten, keyFrom, relativeError, toHost } from "./case-data.ts";
import {
  type AnyCase,
  type Computation,
  computationOf,
  leavesOf,
  mapNames,
  outputsOf,
  pullBack,
} from "./computation.ts";
import { Eager } from "./gradient.ts";
import { given, requestOf, runPlan } from "./run-graph.ts";

/** docs/kernels.md: relative L2 ≤ 1e-5 against the float64 reference, for values and for gradients. */
const TOLERANCE = 1e-5;

export interface Failure {
  readonly op: string;
  readonly name: string;
  readonly message: string;
}

export interface ConformanceReport {
  readonly device: string;
  /** Cases that ran, failed ones included. */
  readonly cases: number;
  /** Gradients that were compared, one for each differentiable f32 input of each case. */
  readonly gradients: number;
  readonly failures: readonly Failure[];
}

const allCases = new Map<string, readonly AnyCase[]>(
  Object.entries({ ...caseTable, ...verbTable } as Readonly<Record<string, readonly AnyCase[]>>),
);

/** All ops and verbs that have cases. */
export const caseNames = [...allCases.keys()];

/** How many cases there are, of one op or verb or of all, and so how many a report must name. */
export function caseCount(names: readonly string[] = caseNames): number {
  return names.reduce((sum, name) => sum + (allCases.get(name)?.length ?? 0), 0);
}

/** One result that is compared. */
interface Expectation {
  readonly what: string;
  readonly expected: ReferenceTensor;
  readonly tolerance: number;
  readonly isGradient: boolean;
}

interface PreparedCase {
  readonly op: string;
  readonly name: string;
  readonly request: PlanRequest;
  readonly data: ReadonlyMap<SourceNode, HostArray>;
  /** For every output of the request, then for every update. */
  readonly expectations: readonly Expectation[];
  /** Devices of the same traits load the same plan. */
  readonly plans: WeakMap<DeviceTraits, Plan>;
}

class Sources {
  readonly data = new Map<SourceNode, HostArray>();

  add(tensor: ReferenceTensor, name: string): GraphValue {
    const node = given(tensor.type, name);
    this.data.set(node, toHost(tensor).data);
    return node.out;
  }
}

/** Graph and reference are the same for every device: they are made once, which takes longer than most runs. */
const prepared = new Map<object, PreparedCase>();

function preparedCase(name: string, of: AnyCase): PreparedCase {
  const made = prepared.get(of) ?? prepareCase(name, of);
  prepared.set(of, made);
  return made;
}

function prepareCase(op: string, of: AnyCase): PreparedCase {
  const computation = computationOf(op, of);
  const sources = new Sources();
  const ins = mapNames(computation.ins, (tensor, name, i) => sources.add(tensor, `${name} ${i}`));
  const outs = computation.run(emit, ins) as ByName<GraphValue>;
  const expected = outputsOf(computation);
  const tolerance = of.tolerance ?? TOLERANCE;
  const expectations: Expectation[] = [];
  const outputs: GraphValue[] = [];
  for (const [name, held] of Object.entries(outs)) {
    flatten(held).forEach((value, i) => {
      const tensor = flatten(expected[name])[i];
      if (tensor === undefined) throw new Error(`${op} has no output ${name} ${i}`);
      outputs.push(value);
      expectations.push({ what: name, expected: tensor, tolerance, isGradient: false });
    });
  }
  addGradients(computation, of, ins, outs, sources, outputs, expectations);
  const request = requestOf({ outputs });
  return {
    op,
    name: of.name,
    request,
    data: sources.data,
    expectations,
    plans: new WeakMap(),
  };
}

/** The gradient of Σ uₒ · outₒ, u random, for every f32 input that has one: as graph, and by the reference. */
function addGradients(
  computation: Computation,
  of: AnyCase,
  ins: ByName<GraphValue>,
  outs: ByName<GraphValue>,
  sources: Sources,
  outputs: GraphValue[],
  expectations: Expectation[],
): void {
  const seeded = "seeded" in of ? of.seeded : undefined;
  const weights = mapNames(outs, ({ type }, name, i) =>
    type.dtype === "f32" && (seeded?.includes(name) ?? true)
      ? drawTensor(type, keyFrom(`${computation.name} ${name} ${i}`))
      : undefined,
  );
  const pulled = referenceGradients(computation, weights);
  if (pulled === undefined) return;
  const seeds: Seed[] = Object.entries(outs).flatMap(([name, held]) =>
    flatten(held).flatMap((value, i) => {
      const weight = flatten(weights[name])[i];
      return weight === undefined
        ? []
        : [{ value, cotangent: sources.add(weight, `cotangent of ${name} ${i}`) }];
    }),
  );
  const wanted = Object.entries(ins).flatMap(([name, held]) =>
    flatten(held).flatMap((value, i) => {
      const expected = flatten(pulled[name])[i];
      return value.type.dtype !== "f32" || expected === "none" ? [] : [{ name, value, expected }];
    }),
  );
  if (wanted.length === 0) return;
  const found = backward(
    seeds,
    wanted.map(({ value }) => value),
  );
  wanted.forEach(({ name, expected }, i) => {
    const gradient = found[i];
    if (gradient === undefined && expected === undefined) return;
    if (gradient === undefined || expected === undefined) {
      throw new Error(`only one of graph and reference has a gradient of ${name}`);
    }
    // What arithmetic on infinities gives is left to the stack (docs/kernels.md).
    if (!expected.data.every(Number.isFinite)) return;
    outputs.push(gradient);
    const tolerance = of.gradientTolerance ?? Math.max(of.tolerance ?? 0, TOLERANCE);
    expectations.push({ what: `the gradient of ${name}`, expected, tolerance, isGradient: true });
  });
}

type ReferenceGradient = ReferenceTensor | undefined | "none";

/** In float64, through the ops' own vjps; undefined where nothing is f32. */
function referenceGradients(
  computation: Computation,
  weights: ByName<ReferenceTensor | undefined>,
): ByName<ReferenceGradient> | undefined {
  if (!Object.values(weights).some((held) => flatten(held).some(Boolean))) return undefined;
  const session = new Eager();
  const leaves = leavesOf(session, computation.ins);
  const outs = computation.run(session.emit, leaves);
  const seeds = mapNames(weights, (weight) => weight && session.leaf(weight));
  const pulled = pullBack(session, leaves, outs, seeds);
  return mapNames(pulled, (cotangent): ReferenceGradient => {
    if (cotangent === undefined) return undefined;
    return "notDifferentiable" in cotangent ? "none" : session.tensor(cotangent);
  });
}

function compare(
  actual: HostArray,
  { what, expected, tolerance }: Expectation,
): string | undefined {
  const { type, data } = expected;
  const error = relativeError(actual, data);
  const allowed = type.dtype === "f32" ? tolerance : 0;
  // A NaN where none belongs makes the error NaN, which is never within bounds.
  if (error <= allowed) return undefined;
  const at = data.findIndex((x, i) => !(relativeError([actual[i] ?? 0], [x]) <= allowed));
  return `${what}: relative error ${error.toExponential(2)} > ${allowed}; at ${at} expected ${data[at]}, got ${actual[at]}`;
}

async function runCase(
  device: Device,
  prepared: PreparedCase,
  traits = device.traits,
): Promise<string[]> {
  const { request, data, expectations, plans } = prepared;
  const plan = plans.get(traits) ?? schedule(request, traits);
  plans.set(traits, plan);
  const { outputs, updates } = await runPlan(device, plan, request, data);
  return [...outputs, ...updates].flatMap((actual, i) => {
    const expectation = expectations[i];
    return expectation === undefined ? [] : (compare(actual, expectation) ?? []);
  });
}

/**
 * What is wrong with one case, which needs not be in the table; nothing where it agrees. `traits` of the device's kind may
 * choose other kernels.
 */
export function checkCase<K extends OpName>(
  device: Device,
  op: K,
  of: Case<K>,
  traits: DeviceTraits = device.traits,
): Promise<readonly string[]> {
  return runCase(device, preparedCase(op, of as Case<OpName>), traits);
}

/** Cases under way at a time: pipelines compile side by side, and memory stays small. */
const AT_ONCE = 32;

/** Runs all cases, or those of `only`, or of them those whose names are `wanted`. */
export async function runConformance(
  device: Device,
  only: readonly string[] = caseNames,
  wanted: (name: string) => boolean = () => true,
): Promise<ConformanceReport> {
  const failures: Failure[] = [];
  const waiting = only.flatMap((op) =>
    (allCases.get(op) ?? []).filter(({ name }) => wanted(name)).map((of) => ({ op, of })),
  );
  const cases = waiting.length;
  let gradients = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { op, of } = next;
      const fail = (message: string) => failures.push({ op, name: of.name, message });
      try {
        const made = preparedCase(op, of);
        gradients += made.expectations.filter(({ isGradient }) => isGradient).length;
        for (const message of await runCase(device, made)) fail(message);
      } catch (error) {
        fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { device: device.description, cases, gradients, failures };
}

/** A report as one line, for a test's output. */
export function summarise({ device, cases, gradients, failures }: ConformanceReport): string {
  return `${device}: ${cases} cases and ${gradients} gradients, ${failures.length} failures`;
}

/** The failures as text; empty if there are none. */
export function listFailures({ failures }: ConformanceReport): string {
  return failures.map(({ op, name, message }) => `${op}, ${name}: ${message}`).join("\n");
}
