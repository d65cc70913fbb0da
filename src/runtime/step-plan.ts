/**
 * A plan of a compiled step: made of its trace, and run. Arguments are copied into the plan's own inputs, variables are
 * updated in place, and small results travel to the host with the run itself.
 */
import type { Program, ReadRequest, Storage } from "../devices/device.ts";
import { ArgumentError, InternalError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import type { Plan } from "../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { bytesOf, sizeOf, type TensorType } from "../tensor/shape.ts";
import { type Block, Cell } from "./cell.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { CachedProgram } from "./program-cache.ts";
import { arrived, type Runtime } from "./runtime.ts";
import { settled } from "./settled.ts";
import { replaceTensors } from "./structure.ts";
import { Tensor } from "./tensor.ts";
import type { Traced } from "./trace.ts";

/** Results of at most this many elements come to the host with the run. */
const MAILED_ELEMENTS = 1024;

/** What is known of a step for one signature of arguments. */
export interface Entry {
  readonly runtime: Runtime;
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

/** Whether the step can run where it was traced: nothing has gone to another device. */
export function isAtHome({ runtime, cells }: Entry, given: readonly Cell[]): boolean {
  const isHere = (cell: Cell) =>
    cell.isDisposed || cell.isPortable || (cell.block.owner ?? runtime) === runtime;
  return !runtime.isDead && cells.every(isHere) && given.every(isHere);
}

/**
 * Makes the plan, where there is none or what it reads has moved. What there was is kept until the new one is there.
 * @throws OutOfMemoryError, KernelError, TraceError; nothing has changed then
 */
export async function load(entry: Entry): Promise<void> {
  const { runtime, loaded } = entry;
  if (loaded !== undefined && isInPlace(loaded)) return runtime.steps.use(loaded);
  const made = await loadedStep(entry);
  entry.loaded = made;
  if (loaded !== undefined) {
    entry.why = "variables have been moved since the plan was made";
    runtime.steps.drop(loaded);
  }
  runtime.steps.use(made);
}

/** Gives the plan back, after the calls that were made before. */
export function unload(entry: Entry): void {
  const { runtime } = entry;
  if (runtime.isDead) return;
  const drop = () => entry.loaded && runtime.steps.drop(entry.loaded);
  // A runtime that is closed meanwhile has taken the plans with it.
  runtime.enqueue(drop).catch(() => undefined);
}

async function loadedStep(entry: Entry): Promise<LoadedStep> {
  const { runtime, traced, runs } = entry;
  const wanted = { outputs: traced.values, updates: traced.assigned };
  const prepared = prepare(wanted, { literalsAsData: false, isFresh: runs === 0, on: runtime });
  const plan = prepared.plan(runtime.device.traits);
  const program = await runtime.room.load(plan);
  const outputs = traced.values.map(({ type }, i) => new Cell("data", type, `output ${i}`));
  const own = [...prepared.cells.filter(({ kind }) => kind === "argument"), ...outputs];
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

/** Runs the plan that is loaded; gives what the function returned, with values in place of tensors. */
export async function run(entry: Entry, args: readonly GraphValue[], key: Key): Promise<unknown> {
  const { runtime, traced, loaded } = entry;
  const { device } = runtime;
  if (loaded === undefined) throw new InternalError("a step is run that is not loaded.");
  const { prepared, program, outputs } = loaded;
  // No pause where nothing has to be waited for: what is written goes to the device together with the run.
  for (const [i, cell] of traced.arguments.entries()) {
    const arg = args[i];
    if (arg === undefined || !prepared.cells.includes(cell)) continue;
    const handed = handOver(runtime, arg, cell);
    if (handed !== undefined) await handed;
  }
  for (const cell of prepared.cells) cell.checkStored();
  if (traced.key !== undefined) traced.key.host = Uint32Array.from(key);
  const bound = runtime.bind(
    prepared,
    outputs.map(({ block }) => block),
  );
  const storages = bound instanceof Promise ? await bound : bound;
  const results = outputs.map(({ type }) => resultCell(runtime, type));
  const placed = runtime.room.withRoom(() =>
    results.map((cell) => (isMailed(cell.type) ? undefined : runtime.storageOf(cell.block))),
  );
  const places = placed instanceof Promise ? await placed : placed;
  const from = storages.slice(prepared.blocks.length);
  const reads = results.flatMap(({ type }, i): ReadRequest[] => {
    const storage = from[i];
    if (storage === undefined || !isMailed(type)) return [];
    return [{ storage, byteOffset: 0, bytes: bytesOf(type) }];
  });
  const mail = runtime.run(program, storages, reads);
  entry.runs++;
  let mailed = 0;
  results.forEach((cell, i) => {
    const [source, target] = [from[i], places[i]];
    if (isMailed(cell.type)) cell.coming = receive(mail[mailed++], cell.type);
    else if (source !== undefined && target !== undefined)
      device.copy(source, 0, target, 0, bytesOf(cell.type));
  });
  if (runtime.room.isFull) await runtime.room.collect();
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

function isMailed(type: TensorType): boolean {
  const size = sizeOf(type.shape);
  return size > 0 && size <= MAILED_ELEMENTS;
}

/** The id of the constant that lies in the memory of an argument: what is handed over again is there already. */
const handedOver = new WeakMap<Storage, number>();

/** Puts the elements of `arg` where the plan expects its argument; at once, where they are there. */
function handOver(runtime: Runtime, arg: GraphValue, cell: Cell): Promise<void> | undefined {
  const { node } = settled(arg);
  if (node.op !== "source" || !(node.holder instanceof Cell)) {
    return runtime.evaluateInTurn(arg).then(() => handOver(runtime, arg, cell));
  }
  const own = node.holder;
  if (own.kind === "argument") {
    throw new ArgumentError(
      "compile: an argument must have values; got a tensor that was kept from another trace. Return it from that step instead.",
    );
  }
  if (own.coming !== undefined) return arrived(own).then(() => handOver(runtime, arg, cell));
  own.check(node);
  own.checkAlive();
  const place = (target: Storage) => {
    if (handedOver.get(target) === node.id) return;
    const { type, host } = own;
    if (host !== undefined) runtime.device.write(target, 0, host);
    else if (sizeOf(type.shape) > 0) {
      const from = runtime.storageOf(own.block);
      runtime.device.copy(from, own.offset * BYTES_PER_ELEMENT, target, 0, bytesOf(type));
    }
    if (own.kind === "data") handedOver.set(target, node.id);
    else handedOver.delete(target);
  };
  const target = runtime.room.withRoom(() => runtime.storageOf(cell.block));
  if (target instanceof Promise) return target.then(place);
  place(target);
  return undefined;
}

function receive(bytes: Promise<ArrayBuffer> | undefined, type: TensorType): Promise<HostArray> {
  const elements = (bytes ?? Promise.resolve(new ArrayBuffer(0))).then((buffer) =>
    viewAs(type.dtype, buffer),
  );
  // Whoever reads the result gets the error; a result that nobody reads must not end the process.
  elements.catch(() => undefined);
  return elements;
}
