/**
 * Compiled steps. A function is traced once for each signature of arguments into one plan, which is then replayed:
 * arguments are copied into the plan's own inputs, variables are updated in place, and small results travel to the
 * host with the run itself, so that reading a loss never makes the device wait.
 */
import type { Program, ReadRequest } from "../devices/device.ts";
import { ArgumentError } from "../errors.ts";
import { explainPlan } from "../scheduler/explain.ts";
import type { Plan } from "../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { bytesOf, describe, sizeOf, type TensorType } from "../tensor/shape.ts";
import { Cell } from "./cell.ts";
import { currentRuntime } from "./current.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { Runtime } from "./runtime.ts";
import { keyOfRun, nextRandomStream } from "./seeds.ts";
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

interface Entry {
  readonly traced: Traced<unknown>;
  readonly prepared: Prepared;
  readonly plan: Plan;
  readonly program: Program;
  /** Where each variable lay when the plan was made. */
  readonly places: string;
  readonly outputs: readonly Cell[];
  readonly why: string;
  runs: number;
}

/** What a step has on one runtime. */
interface Held {
  /** By signature. */
  readonly entries: Map<string, Entry>;
  runs: number;
}

export function compile<R>(
  fn: (...args: Tensor[]) => R,
  options: CompileOptions = {},
): Compiled<R> {
  const step = new CompiledStep(fn, options);
  const call = (...args: Argument[]) => step.call(currentRuntime("compile"), args);
  Object.defineProperty(call, "plans", { get: () => step.plans() });
  const rest = { explain: () => step.explain(), dispose: () => step.dispose() };
  return Object.assign(call, rest) as Compiled<R>;
}

class CompiledStep<R> {
  readonly #fn: (...args: Tensor[]) => R;
  readonly #randomCount: (() => number) | undefined;
  readonly #randomStream: () => number;
  readonly #held = new Map<Runtime, Held>();

  constructor(fn: (...args: Tensor[]) => R, { randomCount, randomStream }: CompileOptions) {
    this.#fn = fn;
    this.#randomCount = randomCount;
    this.#randomStream = randomStream ?? ownStream();
  }

  call(runtime: Runtime, args: readonly Argument[]): Promise<R> {
    checkNotTracing();
    const tensors = args.map((arg) => (typeof arg === "number" ? scalar(arg) : arg));
    const count = this.#randomCount?.();
    const stream = this.#randomStream();
    const held = this.#held.get(runtime) ?? { entries: new Map<string, Entry>(), runs: 0 };
    this.#held.set(runtime, held);
    return runtime.enqueue(async () => {
      await runtime.flush();
      const entry = await this.#entryFor(runtime, held.entries, tensors);
      const run = held.runs++;
      return this.#run(runtime, entry, tensors, keyOfRun(runtime.seed, stream, count ?? run));
    });
  }

  dispose(): void {
    for (const [runtime, { entries }] of this.#held) {
      const unload = () => {
        for (const { program } of entries.values()) runtime.device.unload(program);
        entries.clear();
      };
      // A device that is closed or lost has taken the plans with it.
      runtime.enqueue(unload).catch(() => undefined);
    }
  }

  async #entryFor(
    runtime: Runtime,
    entries: Map<string, Entry>,
    args: readonly Tensor[],
  ): Promise<Entry> {
    const signature = args.map(({ type }) => describe(type)).join(", ");
    const known = entries.get(signature);
    if (known !== undefined && known.places === placesOf(known.prepared)) return known;
    if (known !== undefined) runtime.device.unload(known.program);
    const why =
      known === undefined
        ? entries.size === 0
          ? "the first call"
          : `a new signature of arguments: (${signature})`
        : "variables have been moved since the plan was made";
    const entry = await this.#make(
      runtime,
      args.map(({ type }) => type),
      why,
    );
    entries.set(signature, entry);
    return entry;
  }

  async #make(runtime: Runtime, types: readonly TensorType[], why: string): Promise<Entry> {
    const traced = trace(this.#fn, types);
    const prepared = prepare({ outputs: traced.values, updates: traced.assigned }, false);
    const plan = prepared.plan(runtime.device.traits);
    const program = await runtime.load(plan);
    const outputs = traced.values.map(({ type }, i) => new Cell("data", type, `output ${i}`));
    return { traced, prepared, plan, program, places: placesOf(prepared), outputs, why, runs: 0 };
  }

  async #run(runtime: Runtime, entry: Entry, args: readonly Tensor[], key: Key): Promise<R> {
    const { device } = runtime;
    const { traced, prepared, program, outputs } = entry;
    const used = new Set(prepared.cells);
    for (const [i, cell] of traced.arguments.entries()) {
      const arg = args[i];
      if (arg !== undefined && used.has(cell)) await handOver(runtime, arg, cell);
    }
    if (traced.key !== undefined) traced.key.host = Uint32Array.from(key);
    entry.runs++;
    const storages = await runtime.bind(prepared);
    const reads: ReadRequest[] = [];
    for (const { block, type } of outputs) {
      const storage = runtime.storageOf(block);
      storages.push(storage);
      if (isMailed(type)) reads.push({ storage, byteOffset: 0, bytes: bytesOf(type) });
    }
    const mail = device.run(program, storages, reads);
    for (const cell of traced.assigned.keys()) cell.renew();
    let mailed = 0;
    const results = outputs.map(({ block, type }) => {
      const cell = new Cell("data", type, "result");
      if (isMailed(type)) cell.coming = receive(mail[mailed++], type);
      else
        device.copy(runtime.storageOf(block), 0, runtime.storageOf(cell.block), 0, bytesOf(type));
      return new Tensor(cell.value);
    });
    return replaceTensors(traced.result, results) as R;
  }

  plans(): Plan[] {
    return this.#list().map(({ plan }) => plan);
  }

  explain(): string {
    const entries = this.#list();
    if (entries.length === 0)
      return "Nothing is compiled yet: a step is compiled when it is first called.";
    return entries
      .map(
        ({ plan, why, runs }) =>
          `Compiled because of ${why}; run ${runs} times.\n${explainPlan(plan)}`,
      )
      .join("\n\n");
  }

  #list(): Entry[] {
    return [...this.#held.values()].flatMap(({ entries }) => [...entries.values()]);
  }
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
  return prepare({ outputs: traced.values, updates: traced.assigned }, false).plan(traits);
}

function ownStream(): () => number {
  const stream = nextRandomStream();
  return () => stream;
}

function placesOf({ cells, blocks }: Prepared): string {
  return cells.map((cell) => `${blocks.indexOf(cell.block)}+${cell.offset}`).join(" ");
}

function isMailed(type: TensorType): boolean {
  const size = sizeOf(type.shape);
  return size > 0 && size <= MAILED_ELEMENTS;
}

/** Puts the elements of `arg` where the plan expects its argument. */
async function handOver(runtime: Runtime, arg: Tensor, cell: Cell): Promise<void> {
  const { node } = arg.value;
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
  if (own.host !== undefined) runtime.device.write(runtime.storageOf(cell.block), 0, own.host);
  else if (sizeOf(own.type.shape) > 0) {
    const from = runtime.storageOf(own.block);
    runtime.device.copy(
      from,
      own.offset * BYTES_PER_ELEMENT,
      runtime.storageOf(cell.block),
      0,
      bytesOf(own.type),
    );
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

function scalar(value: number): Tensor {
  const cell = new Cell("data", { dtype: "f32", shape: [] }, "number");
  cell.host = Float32Array.of(value);
  return new Tensor(cell.value);
}
