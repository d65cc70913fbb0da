/**
 * Compiled steps. A function is traced once for each signature of arguments into one plan, which is then replayed:
 * arguments are copied into the plan's own inputs, variables are updated in place, and small results travel to the
 * host with the run itself, so that reading a loss never makes the device wait.
 */
import type { Program, ReadRequest } from "../devices/device.ts";
import { ArgumentError, InternalError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import { explainPlan } from "../scheduler/explain.ts";
import type { Plan } from "../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { bytesOf, describe, sizeOf, type TensorType } from "../tensor/shape.ts";
import { type Block, Cell } from "./cell.ts";
import { openRuntime } from "./current.ts";
import { cellsOf, runtimeOf } from "./locate.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { CachedProgram } from "./program-cache.ts";
import type { Runtime } from "./runtime.ts";
import { keyOfRun, nextRandomStream } from "./seeds.ts";
import { settled } from "./settled.ts";
import { replaceTensors } from "./structure.ts";
import { Tensor } from "./tensor.ts";
import { checkNotTracing, type Traced, trace } from "./trace.ts";

/** A number is handed over as a scalar f32 tensor: a new one never compiles anything. */
export type Argument = Tensor | number;

export interface Compiled<R> {
  /** Runs the step. The promise settles as soon as it is under way; read results to wait for it. */
  (...args: Argument[]): Promise<R>;
  /** What has been compiled so far, step by step, and why. */
  explain(): string;
  /** The plans made so far, one for each signature of arguments. */
  readonly plans: readonly Plan[];
  /** Gives the memory of all plans back, after the runs that are under way; a later call compiles again. */
  dispose(): void;
}

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

/** Results of at most this many elements come to the host with the run. */
const MAILED_ELEMENTS = 1024;

/** What is known of a step for one signature of arguments. */
interface Entry {
  readonly runtime: Runtime;
  readonly signature: string;
  readonly traced: Traced<unknown>;
  /** What it reads or assigns, apart from arguments. */
  readonly cells: readonly Cell[];
  readonly assigned: readonly Cell[];
  loaded: LoadedStep | undefined;
  why: string;
  runs: number;
}

/** A plan of the step, ready to run. */
interface LoadedStep extends CachedProgram {
  readonly prepared: Prepared;
  readonly plan: Plan;
  readonly program: Program;
  /** Where each of `prepared.cells` lay when the plan was made, from the start of its block. */
  readonly offsets: readonly number[];
  /** For each of `prepared.cells`, the block that it lay in. */
  readonly blocks: readonly Block[];
  readonly outputs: readonly Cell[];
}

/** What a step has on one runtime. */
interface Held {
  /** By signature. */
  readonly entries: Map<string, Entry>;
  runs: number;
}

type HeldByRuntime = Map<Runtime, Held>;

/** Plans of steps that nobody can call any more are given back. */
const forgotten = new FinalizationRegistry<HeldByRuntime>(giveBack);

export function compile<R>(
  fn: (...args: Tensor[]) => R,
  options: CompileOptions = {},
): Compiled<R> {
  if (typeof fn !== "function") {
    throw new ArgumentError(
      `compile: a step must be a function of tensors; got ${String(fn)}. Wrap what is to be computed: compile((x) => …).`,
    );
  }
  const step = new CompiledStep(fn, options);
  const call = (...args: Argument[]) => step.call(args);
  Object.defineProperty(call, "plans", { get: () => step.plans() });
  const rest = { explain: () => step.explain(), dispose: () => step.dispose() };
  return Object.assign(call, rest) as Compiled<R>;
}

class CompiledStep<R> {
  readonly #fn: (...args: Tensor[]) => R;
  readonly #randomCount: (() => number) | undefined;
  readonly #randomStream: () => number;
  readonly #held: HeldByRuntime = new Map();
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
    const { runtime, assigned } = entry;
    const held = this.#heldOn(runtime);
    const versions = assigned.map((cell) => cell.renew());
    const version = (i: number) => versions[i] ?? 0;
    return runtime.enqueue(async () => {
      try {
        await load(held, entry);
        const key = keyOfRun(runtime.seed, stream, count ?? held.runs++);
        const result = await run(entry, args, key);
        assigned.forEach((cell, i) => {
          cell.store(version(i));
        });
        return result as R;
      } catch (error) {
        assigned.forEach((cell, i) => {
          cell.keep(version(i));
        });
        throw error;
      }
    });
  }

  #heldOn(runtime: Runtime): Held {
    const held = this.#held.get(runtime) ?? { entries: new Map<string, Entry>(), runs: 0 };
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
    unload(entries.get(signature));
    const why =
      entries.size === 0 ? "the first call" : `a new signature of arguments: (${signature})`;
    const entry: Entry = {
      runtime,
      signature,
      traced,
      cells,
      assigned,
      why,
      loaded: undefined,
      runs: 0,
    };
    entries.set(signature, entry);
    return entry;
  }

  dispose(): void {
    giveBack(this.#held);
  }

  plans(): Plan[] {
    return this.#list().flatMap(({ loaded }) => loaded?.plan ?? []);
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

/** Calls that were made before still find their plans; later ones compile again. */
function giveBack(held: HeldByRuntime): void {
  for (const { entries } of held.values()) {
    for (const entry of entries.values()) unload(entry);
    entries.clear();
  }
}

function unload(entry: Entry | undefined): void {
  if (entry === undefined || entry.runtime.isDead) return;
  const { steps } = entry.runtime;
  const drop = () => entry.loaded && steps.drop(entry.loaded);
  // A runtime that is closed meanwhile has taken the plans with it.
  entry.runtime.enqueue(drop).catch(() => undefined);
}

/** Whether the step can run where it was traced: nothing has gone to another device. */
function isAtHome({ runtime, cells }: Entry, given: readonly Cell[]): boolean {
  const isHere = (cell: Cell) => cell.isDisposed || (cell.block.owner ?? runtime) === runtime;
  return !runtime.isDead && cells.every(isHere) && given.every(isHere);
}

/** Makes the plan, where there is none or what it reads has moved. What there was is kept until the new one is there. */
async function load({ entries }: Held, entry: Entry): Promise<void> {
  const { runtime, loaded } = entry;
  if (loaded !== undefined && isInPlace(loaded)) return runtime.steps.use(loaded);
  try {
    const made = await loadedStep(entry);
    entry.loaded = made;
    if (loaded !== undefined) {
      entry.why = "variables have been moved since the plan was made";
      runtime.steps.drop(loaded);
    }
    runtime.steps.use(made);
  } catch (error) {
    // What never ran is traced anew by the next call: its function may read something else then.
    if (entry.runs === 0 && entries.get(entry.signature) === entry) entries.delete(entry.signature);
    throw error;
  }
}

async function loadedStep(entry: Entry): Promise<LoadedStep> {
  const { runtime, traced, runs } = entry;
  const wanted = { outputs: traced.values, updates: traced.assigned };
  const prepared = prepare(wanted, { literalsAsData: false, isFresh: runs === 0 });
  const plan = prepared.plan(runtime.device.traits);
  const program = await runtime.load(plan);
  const outputs = traced.values.map(({ type }, i) => new Cell("data", type, `output ${i}`));
  const own = [...traced.arguments, ...outputs];
  const made: LoadedStep = {
    prepared,
    plan,
    program,
    outputs,
    offsets: prepared.cells.map(({ offset }) => offset),
    blocks: prepared.cells.map(({ block }) => block),
    bytes: own.reduce((sum, { type }) => sum + bytesOf(type), 0),
    unload: () => {
      runtime.unload(program);
      for (const cell of outputs) cell.dispose();
      if (entry.loaded !== made) return;
      entry.loaded = undefined;
      for (const { block } of traced.arguments) block.vacate();
    },
  };
  return made;
}

function isInPlace({ prepared: { cells }, blocks, offsets }: LoadedStep): boolean {
  return cells.every((cell, i) => cell.block === blocks[i] && cell.offset === offsets[i]);
}

async function run(entry: Entry, args: readonly GraphValue[], key: Key): Promise<unknown> {
  const { runtime, traced, loaded } = entry;
  const { device } = runtime;
  if (loaded === undefined) throw new InternalError("a step is run that is not loaded.");
  const { prepared, program, outputs } = loaded;
  const used = new Set(prepared.cells);
  for (const [i, cell] of traced.arguments.entries()) {
    const arg = args[i];
    if (arg !== undefined && used.has(cell)) await handOver(runtime, arg, cell);
  }
  for (const cell of prepared.cells) cell.checkStored();
  if (traced.key !== undefined) traced.key.host = Uint32Array.from(key);
  const storages = await runtime.bind(
    prepared,
    outputs.map(({ block }) => block),
  );
  const results = outputs.map(({ type }) => resultCell(runtime, type));
  const places = await runtime.withRoom(() =>
    results.map((cell) => (isMailed(cell.type) ? undefined : runtime.storageOf(cell.block))),
  );
  const from = storages.slice(prepared.blocks.length);
  const reads = results.flatMap(({ type }, i): ReadRequest[] => {
    const storage = from[i];
    if (storage === undefined || !isMailed(type)) return [];
    return [{ storage, byteOffset: 0, bytes: bytesOf(type) }];
  });
  const mail = device.run(program, storages, reads);
  entry.runs++;
  let mailed = 0;
  results.forEach((cell, i) => {
    const [source, target] = [from[i], places[i]];
    if (isMailed(cell.type)) cell.coming = receive(mail[mailed++], cell.type);
    else if (source !== undefined && target !== undefined)
      device.copy(source, 0, target, 0, bytesOf(cell.type));
  });
  if (runtime.isFull) await runtime.collect();
  return replaceTensors(
    traced.result,
    results.map((cell) => new Tensor(cell.value)),
  );
}

function resultCell(runtime: Runtime, type: TensorType): Cell {
  const cell = new Cell("data", type, "result");
  cell.home = runtime;
  return cell;
}

/**
 * The plan of a step for a device that need not be there: traced with arguments of `types`, scheduled with `traits`.
 */
export function planStep(
  fn: (...args: Tensor[]) => unknown,
  types: readonly TensorType[],
  traits: Runtime["device"]["traits"],
): Plan {
  const traced = trace(fn, types);
  const wanted = { outputs: traced.values, updates: traced.assigned };
  return prepare(wanted, { literalsAsData: false, isFresh: true }).plan(traits);
}

function ownStream(): () => number {
  const stream = nextRandomStream();
  return () => stream;
}

function isMailed(type: TensorType): boolean {
  const size = sizeOf(type.shape);
  return size > 0 && size <= MAILED_ELEMENTS;
}

/** Puts the elements of `arg` where the plan expects its argument. */
async function handOver(runtime: Runtime, arg: GraphValue, cell: Cell): Promise<void> {
  const { node } = settled(arg);
  const own = node.op === "source" && node.holder instanceof Cell ? node.holder : undefined;
  if (own === undefined) {
    await runtime.evaluateInTurn(arg);
    return handOver(runtime, arg, cell);
  }
  if (own.kind === "argument") {
    throw new ArgumentError(
      "compile: an argument must have values; got a tensor that was kept from another trace. Return it from that step instead.",
    );
  }
  if (own.coming !== undefined) own.host = await own.coming;
  own.coming = undefined;
  if (node.op === "source") own.check(node);
  own.checkAlive();
  const target = await runtime.withRoom(() => runtime.storageOf(cell.block));
  if (own.host !== undefined) runtime.device.write(target, 0, own.host);
  else if (sizeOf(own.type.shape) > 0) {
    const from = runtime.storageOf(own.block);
    runtime.device.copy(from, own.offset * BYTES_PER_ELEMENT, target, 0, bytesOf(own.type));
  }
}

function receive(bytes: Promise<ArrayBuffer> | undefined, type: TensorType): Promise<HostArray> {
  const elements = (bytes ?? Promise.resolve(new ArrayBuffer(0))).then((buffer) =>
    viewAs(type.dtype, buffer),
  );
  // Whoever reads the result gets the error; a result that nobody reads must not end the process.
  elements.catch(() => undefined);
  return elements;
}

function argumentValue(arg: unknown, i: number): GraphValue {
  if (arg instanceof Tensor) return arg.value;
  if (typeof arg !== "number") {
    throw new ArgumentError(
      `compile: a step must be called with tensors and numbers; got ${typeof arg} as argument ${i}. Make a tensor of it: tensor(…).`,
    );
  }
  const cell = new Cell("data", { dtype: "f32", shape: [] }, "number");
  cell.host = Float32Array.of(arg);
  return cell.value;
}
