/**
 * One open device with everything that lives on it. Whatever touches the device goes through one queue, so that
 * assignments, steps and reads take effect in the order in which they were called.
 */
import type { Device, Program, Storage } from "../devices/device.ts";
import {
  DeviceLostError,
  DisposedError,
  GradgpuError,
  OutOfMemoryError,
  TraceError,
} from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import type { Plan } from "../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import { activeTrace, checkNotInCell } from "./active-trace.ts";
import { type Block, type BlockOwner, Cell } from "./cell.ts";
import { isCurrentRuntime, setCurrentRuntime } from "./current.ts";
import { literalBytes, literalData, type Prepared, prepare } from "./prepare.ts";
import { EAGER_STREAM, keyOfRun } from "./seeds.ts";
import type { Tensor, Variable } from "./tensor.ts";

export interface RuntimeOptions {
  /** Seed of everything random that is not given one of its own. */
  readonly seed: number;
  /** Bytes of device memory that must not be exceeded. */
  readonly memoryBudget: number;
}

interface LoadedPlan {
  readonly plan: Plan;
  readonly program: Program;
  readonly literals: Storage | undefined;
}

export class Runtime implements BlockOwner {
  readonly device: Device;
  readonly seed: number;
  readonly #memoryBudget: number;
  readonly #plans = new Map<string, LoadedPlan>();
  readonly #assigned = new Set<Variable>();
  #tail: Promise<unknown> = Promise.resolve();
  #keys = 0;
  #isClosed = false;

  constructor(device: Device, options: RuntimeOptions) {
    this.device = device;
    this.seed = options.seed;
    this.#memoryBudget = options.memoryBudget;
  }

  /** Runs `task` after everything asked for before. */
  enqueue<T>(task: () => Promise<T> | T): Promise<T> {
    if (this.#isClosed) {
      return Promise.reject(
        new DisposedError("runtime: the device has been closed. Call init() to open one."),
      );
    }
    const done = this.#tail.then(task);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /** A key for something random outside compiled steps: a new one at every call. */
  nextKey(): Key {
    return keyOfRun(this.seed, EAGER_STREAM, this.#keys++);
  }

  noteAssigned(variable: Variable): void {
    this.#assigned.add(variable);
  }

  /** Computes `tensors` and every assignment that is pending, as one plan. */
  evaluate(tensors: readonly Tensor[]): Promise<void> {
    return this.enqueue(() => this.#evaluate(tensors));
  }

  async read(tensor: Tensor): Promise<HostArray> {
    checkNotInCell("data: a tensor has no values", "Give it back as y and read that.");
    if (activeTrace() !== undefined) {
      throw new TraceError(
        "data: a tensor has no values while a step is traced. Return it from the step and read it there.",
      );
    }
    // The read is started in turn but awaited outside the queue, so that later steps need not wait for it.
    const { elements } = await this.enqueue(async () => {
      await this.#evaluate([tensor]);
      return { elements: this.#fetch(tensor) };
    });
    return elements;
  }

  /** For tasks of the queue: computes `tensor` now. */
  evaluateInTurn(tensor: Tensor): Promise<void> {
    return this.#evaluate([tensor]);
  }

  /** Makes sure that pending assignments are stored before variables are read by a compiled step. */
  async flush(): Promise<void> {
    if (this.#assigned.size > 0) await this.#evaluate([]);
  }

  async #evaluate(tensors: readonly Tensor[]): Promise<void> {
    const lazy = tensors.filter(({ value }) => value.node.op !== "source");
    const variables = [...this.#assigned];
    if (lazy.length === 0 && variables.length === 0) return;
    const updates = new Map<Cell, GraphValue>();
    for (const variable of variables) {
      const value = variable.assigned;
      if (value !== undefined && !variable.cell.isDisposed) updates.set(variable.cell, value);
    }
    const prepared = prepare({ outputs: lazy.map(({ value }) => value), updates }, true);
    const loaded = await this.#loadedPlan(prepared);
    const cells = lazy.map(({ type }) => new Cell("data", type, "result"));
    const storages = await this.bind(prepared);
    if (loaded.literals !== undefined) {
      this.device.write(loaded.literals, 0, literalData(prepared.literals));
      storages.push(loaded.literals);
    }
    for (const cell of cells) storages.push(this.storageOf(cell.block));
    await Promise.all(this.device.run(loaded.program, storages, []));
    lazy.forEach((tensor, i) => {
      const cell = cells[i];
      if (cell !== undefined) tensor.settle(cell);
    });
    for (const variable of variables) {
      variable.settleAssigned();
      this.#assigned.delete(variable);
    }
  }

  async #loadedPlan(prepared: Prepared): Promise<LoadedPlan> {
    const known = this.#plans.get(prepared.key);
    if (known === undefined) return this.#loadEager(prepared);
    // The map keeps the order of use, so that the plans forgotten first are those not used for longest.
    this.#plans.delete(prepared.key);
    this.#plans.set(prepared.key, known);
    return known;
  }

  async #loadEager(prepared: Prepared): Promise<LoadedPlan> {
    const plan = prepared.plan(this.device.traits);
    const program = await this.load(plan);
    const count = prepared.literals.length;
    const literals = count === 0 ? undefined : this.allocate(literalBytes(count));
    const loaded: LoadedPlan = { plan, program, literals };
    this.#plans.set(prepared.key, loaded);
    this.#forgetOldPlans();
    return loaded;
  }

  /** Plans of eager evaluation are kept for reuse, the 256 used last. */
  #forgetOldPlans(): void {
    for (const [key, { program, literals }] of this.#plans) {
      if (this.#plans.size <= 256) return;
      this.#plans.delete(key);
      this.device.unload(program);
      if (literals !== undefined) this.device.release(literals);
    }
  }

  async load(plan: Plan): Promise<Program> {
    const temporaries = plan.slots.reduce((total, bytes) => total + bytes, 0);
    this.#checkBudget(temporaries);
    return this.device.load(plan);
  }

  /** The storages behind a plan's blocks, with all data that was still on the host in place. */
  async bind(prepared: Prepared): Promise<Storage[]> {
    for (const cell of prepared.cells) {
      if (cell.coming !== undefined) {
        cell.host = await cell.coming;
        cell.coming = undefined;
      }
    }
    const storages = prepared.blocks.map((block) => this.storageOf(block));
    for (const cell of prepared.cells) this.upload(cell);
    return storages;
  }

  upload(cell: Cell): void {
    if (cell.host === undefined) return;
    this.device.write(this.storageOf(cell.block), cell.offset * BYTES_PER_ELEMENT, cell.host);
    cell.host = undefined;
  }

  /** @throws GradgpuError where the block belongs to another runtime */
  storageOf(block: Block): Storage {
    if (block.held === undefined) block.held = { storage: this.allocate(block.bytes), owner: this };
    else if (block.held.owner !== this) {
      throw new GradgpuError(
        `runtime: a tensor can only be used on the device that it lies on; got one of ${block.held.owner.device.description} on ${this.device.description}. Read it with data() while its own device is open, and make a new one.`,
      );
    }
    return block.held.storage;
  }

  release(storage: Storage): void {
    if (this.#isClosed) return;
    try {
      this.device.release(storage);
    } catch (error) {
      // A lost device has taken its memory with it, and a finalizer has nobody to tell.
      if (!(error instanceof DeviceLostError)) throw error;
    }
  }

  allocate(bytes: number): Storage {
    this.#checkBudget(bytes);
    return this.device.allocate(bytes);
  }

  #checkBudget(bytes: number): void {
    const held = this.device.memory().bytes;
    if (held + bytes <= this.#memoryBudget) return;
    throw new OutOfMemoryError(
      `memory: the budget of ${this.#memoryBudget} bytes must not be exceeded; got ${held} held and ${bytes} more asked for. Use a smaller batch or window, dispose of tensors, or raise memoryBudget in init().`,
    );
  }

  async #fetch(tensor: Tensor): Promise<HostArray> {
    const { node } = tensor.value;
    const cell = node.op === "source" && node.holder instanceof Cell ? node.holder : undefined;
    if (cell === undefined || cell.kind === "argument") {
      throw new TraceError(
        "data: this tensor stands for an argument of a compiled step and has no values. Return what you want to read from the step.",
      );
    }
    if (cell.coming !== undefined) return (await cell.coming).slice();
    if (cell.host !== undefined) return cell.host.slice();
    if (sizeOf(cell.type.shape) === 0) return viewAs(cell.type.dtype, new ArrayBuffer(0));
    const bytes = await this.device.read(
      this.storageOf(cell.block),
      cell.offset * BYTES_PER_ELEMENT,
      bytesOf(cell.type),
    );
    return viewAs(cell.type.dtype, bytes);
  }

  /** What is held on the device now. */
  memory(): { readonly bytes: number; readonly buffers: number } {
    return this.device.memory();
  }

  /** Waits for everything asked for so far, then gives the device back. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.enqueue(() => this.device.synchronise()).catch(() => undefined);
    this.#isClosed = true;
    if (isCurrentRuntime(this)) setCurrentRuntime(undefined);
    await this.device.close();
  }
}
