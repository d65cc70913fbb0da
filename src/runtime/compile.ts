/**
 * Compiled steps. A function is traced once for each signature of arguments into one plan, which is then replayed:
 * arguments are copied into the plan's own inputs, variables are updated in place, and small results travel to the
 * host with the run itself, so that reading a loss never makes the device wait.
 */
import { callable, check, checkOptions, isRecord, list, rule, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import { explainPlan } from "../scheduler/explain.ts";
import type { Plan } from "../scheduler/plan.ts";
import { checkDTypeName } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { checkedShape, describe, type TensorType } from "../tensor/shape.ts";
import { Cell } from "./cell.ts";
import { openRuntime } from "./current.ts";
import type { Lineage } from "./lineage.ts";
import { cellsOf, runtimeOf } from "./locate.ts";
import { prepare } from "./prepare.ts";
import type { Runtime } from "./runtime.ts";
import { keyOfRun, nextRandomStream } from "./seeds.ts";
import { type Entry, isAtHome, load, run, unload } from "./step-plan.ts";
import { Tensor } from "./tensor.ts";
import { checkNotTracing, trace } from "./trace.ts";

/** A number is handed over as a scalar f32 tensor: a new one never compiles anything. */
export type Argument = Tensor | number;

/** A compiled step: called as the function was, with a promise of what that returns. */
export interface Compiled<R> {
  /**
   * Runs the step. The promise settles as soon as it is under way; read results to wait for it.
   * @throws whatever the function throws when it is traced, among it ShapeError and DTypeError; ArgumentError for anything
   *   but tensors and numbers
   */
  (...args: Argument[]): Promise<R>;
  /** What has been compiled so far, step by step, and why. */
  explain(): string;
  /** The plans made so far, one for each signature of arguments. */
  readonly plans: readonly Plan[];
  /** Gives the memory of all plans back, after the runs that are under way; a later call compiles again. */
  dispose(): void;
}

/** Where a step's random numbers come from. */
export interface CompileOptions {
  /**
   * Asked at every call: with the runtime's seed and the stream it decides the run's random numbers, so that work that
   * was interrupted can go on with the numbers it would have had. The number of the run where nothing is said, whatever
   * the arguments, counted from 0 on every runtime.
   */
  readonly randomCount?: () => number;
  /**
   * Asked at every call, a whole number: runs of one seed, stream and count draw the same numbers. Where nothing is
   * said every compiled step has a stream of its own, by the order in which they are made since `init()`.
   */
  readonly randomStream?: () => number;
}

/** What a step has on one runtime. */
interface Held {
  /** By signature. */
  readonly entries: Map<string, Entry>;
}

type HeldByRuntime = Map<Runtime, Held>;

/** Plans of steps that nobody can call any more are given back. */
const forgotten = new FinalizationRegistry<HeldByRuntime>(giveBack);

/**
 * `fn` as a step that is planned once for each signature of arguments (shapes and dtypes) and then replayed: tensors in,
 * tensors in lists and records out, variables that it assigns updated in place. A number that `fn` reads from outside is
 * that of the first call: give it as an argument. Random numbers are new in every run.
 * @throws ArgumentError where it is called with anything but tensors and numbers
 */
export function compile<R>(
  fn: (...args: Tensor[]) => R,
  options: CompileOptions = {},
): Compiled<R> {
  const remedy = "Wrap what is to be computed: compile((x) => …).";
  check("compile", "a step", fn, callable, remedy);
  checkOptions("compile", options, { randomCount: callable, randomStream: callable });
  const step = new CompiledStep(fn, options);
  const call = (...args: Argument[]) => step.call(args);
  Object.defineProperty(call, "plans", { get: () => step.plans() });
  const rest = { explain: () => step.explain(), dispose: () => step.dispose() };
  const compiled = Object.assign(call, rest) as Compiled<R>;
  cellsRead.set(compiled, () => step.cells());
  return compiled;
}

/** By what `compile` gave. */
const cellsRead = new WeakMap<object, () => Cell[]>();

/** What `compiled` has read or assigned so far, on whichever runtime. For those who keep what a step goes on from. */
export function cellsOfStep(compiled: object): Cell[] {
  return cellsRead.get(compiled)?.() ?? [];
}

class CompiledStep<R> {
  readonly #fn: (...args: Tensor[]) => R;
  readonly #randomCount: (() => number) | undefined;
  readonly #randomStream: () => number;
  readonly #held: HeldByRuntime = new Map();
  /** Runs so far: those on a device that was lost count, too. */
  readonly #runs = new WeakMap<Lineage, number>();
  /** Where the step was made, and then where it ran last. */
  #runtime = openRuntime();

  constructor(fn: (...args: Tensor[]) => R, { randomCount, randomStream }: CompileOptions) {
    this.#fn = fn;
    this.#randomCount = randomCount;
    this.#randomStream = randomStream ?? ownStream();
    forgotten.register(this, this.#held, this);
  }

  /** Tracing, and beginning the versions that the step assigns, is done at once; the rest in the runtime's turn. */
  call(given: readonly Argument[]): Promise<R> {
    checkNotTracing();
    this.#runtime?.flush();
    const args = given.map(argumentValue);
    const cells = cellsOf(args);
    if (this.#runtime === undefined) runtimeOf(cells, "compile");
    const count = this.#randomCount?.();
    const stream = this.#randomStream();
    let entry: Entry;
    try {
      entry = this.#entryFor(args, cells);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#enqueue(entry, args, () => {
      const { seed, lineage } = entry.runtime;
      if (count !== undefined) return keyOfRun(seed, stream, count);
      const runs = this.#runs.get(lineage) ?? 0;
      this.#runs.set(lineage, runs + 1);
      return keyOfRun(seed, stream, runs);
    });
  }

  #enqueue(entry: Entry, args: readonly GraphValue[], key: () => Key): Promise<R> {
    const { runtime, assigned } = entry;
    const held = this.#heldOn(runtime);
    const versions = assigned.map((cell) => ({ cell, version: cell.renew() }));
    return runtime.enqueue(async () => {
      try {
        await load(entry);
        const result = await run(entry, args, key());
        for (const { cell, version } of versions) cell.store(version);
        return result as R;
      } catch (error) {
        for (const { cell, version } of versions) cell.keep(version);
        // What never ran is traced anew by the next call: its function may read something else then.
        if (entry.runs === 0) forget(held, entry);
        throw error;
      }
    });
  }

  #heldOn(runtime: Runtime): Held {
    const held = this.#held.get(runtime) ?? { entries: new Map<string, Entry>() };
    this.#held.set(runtime, held);
    return held;
  }

  /** What is known for these arguments, on the runtime that they and what the step reads lie on. */
  #entryFor(args: readonly GraphValue[], given: readonly Cell[]): Entry {
    const signature = args.map(({ type }) => describe(type)).join(", ");
    const last = this.#runtime && this.#held.get(this.#runtime)?.entries.get(signature);
    if (last !== undefined && isAtHome(last, given)) return last;
    for (const runtime of this.#held.keys()) if (runtime.isDead) this.#held.delete(runtime);
    const traced = trace(
      this.#fn,
      args.map(({ type }) => type),
    );
    const assigned = traced.assigned.map(({ cell }) => cell);
    const roots = [...traced.values, ...traced.assigned.map(({ value }) => value)];
    const cells = [...cellsOf(roots).filter(({ kind }) => kind !== "argument"), ...assigned];
    const runtime = runtimeOf([...cells, ...given], "compile");
    this.#runtime = runtime;
    const { entries } = this.#heldOn(runtime);
    const replaced = entries.get(signature);
    if (replaced !== undefined) unload(replaced);
    const why =
      entries.size === 0 ? "the first call" : `a new signature of arguments: (${signature})`;
    const entry: Entry = { runtime, traced, cells, assigned, why, loaded: undefined, runs: 0 };
    entries.set(signature, entry);
    return entry;
  }

  dispose(): void {
    giveBack(this.#held);
  }

  plans(): Plan[] {
    return this.#list().flatMap(({ loaded }) => loaded?.plan ?? []);
  }

  cells(): Cell[] {
    return this.#list().flatMap(({ cells }) => cells);
  }

  explain(): string {
    const compiled = this.#list().flatMap(({ loaded, why, runs }) =>
      loaded === undefined
        ? []
        : [`Compiled because of ${why}; run ${runs} times.\n${explainPlan(loaded.plan)}`],
    );
    return compiled.length > 0
      ? compiled.join("\n\n")
      : "Nothing is compiled yet: a step is compiled when it is first called.";
  }

  #list(): Entry[] {
    return [...this.#held.values()].flatMap(({ entries }) => [...entries.values()]);
  }
}

function forget({ entries }: Held, entry: Entry): void {
  for (const [signature, one] of entries) if (one === entry) entries.delete(signature);
  unload(entry);
}

/** Calls that were made before still find their plans; later ones compile again. */
function giveBack(held: HeldByRuntime): void {
  for (const { entries } of held.values()) {
    for (const entry of entries.values()) unload(entry);
    entries.clear();
  }
}

const deviceTraits = rule(
  "what a device's planner is told",
  (value) => isRecord(value) && isRecord(value.groups),
);

/**
 * The plan of a step for a device that need not be there: traced with arguments of `types`, scheduled with `traits`.
 */
export function planStep(
  fn: (...args: Tensor[]) => unknown,
  types: readonly TensorType[],
  traits: Runtime["device"]["traits"],
): Plan {
  check("planStep", "the step", fn, callable);
  check("planStep", "the types of its arguments", types, list, "Give { dtype, shape } of each.");
  check("planStep", "the traits", traits, deviceTraits, "Take those of a device.");
  const own = types.map((type) => {
    checkDTypeName("planStep", type?.dtype);
    return { dtype: type.dtype, shape: checkedShape("planStep", type.shape) };
  });
  const traced = trace(fn, own);
  const wanted = { outputs: traced.values, updates: traced.assigned };
  return prepare(wanted, { literalsAsData: false, isFresh: true }).plan(traits);
}

function ownStream(): () => number {
  const stream = nextRandomStream();
  return () => stream;
}

function argumentValue(arg: unknown, i: number): GraphValue {
  if (arg instanceof Tensor) return arg.value;
  if (typeof arg !== "number") {
    throw new ArgumentError(
      `compile: a step must be called with tensors and numbers; got ${shown(arg)} as argument ${i}. Make a tensor of it: tensor(…).`,
    );
  }
  const cell = new Cell("data", { dtype: "f32", shape: [] }, "number");
  cell.host = Float32Array.of(arg);
  return cell.value;
}
