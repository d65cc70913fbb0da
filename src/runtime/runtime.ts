/**
 * One open device with everything that lives on it. Whatever touches the device goes through one queue, so that
 * assignments, steps, loads and reads take effect in the order in which they were called.
 */
import type { Device, Program, Storage } from "../devices/device.ts";
import {
  DeviceLostError,
  DisposedError,
  type GradgpuError,
  OutOfMemoryError,
  TraceError,
} from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import type { Plan } from "../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import { activeTrace, checkNotInCell } from "./active-trace.ts";
import { Block, Cell } from "./cell.ts";
import { leaveRuntime } from "./current.ts";
import { collectGarbage } from "./garbage.ts";
import { onTwoDevices } from "./locate.ts";
import { literalBytes, literalData, type Prepared, prepare, type Update } from "./prepare.ts";
import { type CachedProgram, ProgramCache } from "./program-cache.ts";
import { EAGER_STREAM, keyOfRun } from "./seeds.ts";
import { fromSettled, settle, settled } from "./settled.ts";
import type { Tensor, Variable } from "./tensor.ts";

export interface RuntimeOptions {
  /** Seed of everything random that is not given one of its own. */
  readonly seed: number;
  /** Bytes of device memory that must not be exceeded. */
  readonly memoryBudget: number;
}

/** An assignment outside of compiled steps that is to be computed. */
export interface PendingUpdate extends Update {
  /** Stands for the elements that it gives. */
  readonly next: GraphValue;
  readonly version: number;
}

/** A plan of eager evaluation. */
interface EagerPlan extends CachedProgram {
  readonly program: Program;
  readonly literals: Storage | undefined;
}

const MAX_EAGER_PLANS = 256;
const MAX_STEP_PLANS = 512;

/** Assignments that nobody reads are computed when there are so many: their history would grow for ever. */
const MAX_ASSIGNMENTS = 64;

/** Garbage is looked for when twice as much is held as after the last time, and at least so much. */
const LEAST_GARBAGE_BYTES = 512 * 2 ** 20;

export class Runtime {
  readonly device: Device;
  readonly seed: number;
  readonly #memoryBudget: number;
  /** Plans of compiled steps. */
  readonly steps = new ProgramCache(MAX_STEP_PLANS);
  readonly #eager = new ProgramCache(MAX_EAGER_PLANS);
  readonly #plans = new Map<string, EagerPlan>();
  readonly #assigned = new Set<Variable>();
  #assignments = 0;
  /** Results that cut a history of assignments short. */
  #shortcuts: readonly Cell[] = [];
  #tail: Promise<unknown> = Promise.resolve();
  /** Tasks that have not ended. */
  #tasks = 0;
  #keys = 0;
  #collectAt = LEAST_GARBAGE_BYTES;
  #loss: DeviceLostError | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(device: Device, options: RuntimeOptions) {
    this.device = device;
    this.seed = options.seed;
    this.#memoryBudget = options.memoryBudget;
    void device.lost.then((loss) => {
      if (!this.#isClosed) this.#loss = loss;
    });
  }

  /** Closed, or lost with its device: what lay there is gone. */
  get isDead(): boolean {
    return this.#loss !== undefined || this.#isClosed;
  }

  /** Takes no more calls. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Why the elements of what is called `name` cannot be had any more. */
  obituary(name: string): GradgpuError {
    const how =
      "What was saved before can be loaded and goes where init() has opened a device since: model.loadStateDict(saved), trainer.loadState(saved); other tensors have to be made again.";
    return this.#loss === undefined
      ? new DisposedError(
          `${name}: a tensor can be used as long as its runtime is open; got one of ${this.device.description}, which was closed. ${how}`,
        )
      : new DeviceLostError(
          `${name}: a tensor can be used as long as its device is there; got one of ${this.device.description}, which was lost. ${how}`,
        );
  }

  /** Runs `task` after everything asked for before. */
  enqueue<T>(task: () => Promise<T> | T): Promise<T> {
    if (this.#closing !== undefined) {
      return Promise.reject(
        new DisposedError("runtime: the device has been closed. Call init() to open one."),
      );
    }
    this.#tasks++;
    const done = this.#tail.then(task);
    const end = () => {
      this.#tasks--;
    };
    this.#tail = done.then(end, end);
    return done;
  }

  /** Runs `task` at once where nothing is before it, else in turn; nobody waits for it. */
  inOrder(task: () => void): void {
    if (this.#tasks === 0 || this.#closing !== undefined) task();
    else this.enqueue(task).catch(() => undefined);
  }

  /** Random numbers outside compiled steps begin anew, as after `init`. */
  restartKeys(): void {
    this.#keys = 0;
  }

  /** A key for something random outside compiled steps: a new one at every call. */
  nextKey(): Key {
    return keyOfRun(this.seed, EAGER_STREAM, this.#keys++);
  }

  noteAssigned(variable: Variable): void {
    this.#assigned.add(variable);
    if (++this.#assignments % MAX_ASSIGNMENTS === 0) this.#shorten();
  }

  /** `variable` has got other elements, or is gone: what was assigned is not wanted any more. */
  forgetAssigned(variable: Variable): void {
    this.#assigned.delete(variable);
  }

  /**
   * Keeps the history of assignments short. Their values are computed aside first, since more may be built on the
   * elements that the variables still have; they are assigned once the present task of the page is over.
   */
  #shorten(): void {
    const values = [...this.#assigned].flatMap(({ assigned }) => assigned ?? []);
    const shorten = async () => {
      const cells = await this.#compute(values, [], true);
      for (const cell of this.#shortcuts) cell.dispose();
      this.#shortcuts = cells;
      this.flush();
    };
    // A value that cannot be computed is found again when it is assigned.
    this.enqueue(shorten).catch(() => undefined);
  }

  /** Computes `tensors` and every assignment that is pending, as one plan. */
  async evaluate(tensors: readonly Tensor[]): Promise<void> {
    const values = tensors.map(({ value }) => value);
    const pending = this.#takePending();
    return this.enqueue(() => this.#evaluate(values, pending));
  }

  async read(tensor: Tensor): Promise<HostArray> {
    checkNotInCell("data: a tensor has no values", "Give it back as y and read that.");
    if (activeTrace() !== undefined) {
      throw new TraceError(
        "data: a tensor has no values while a step is traced. Return it from the step and read it there.",
      );
    }
    const { value } = tensor;
    const pending = this.#takePending();
    // The read is started in turn but awaited outside the queue, so that later steps need not wait for it.
    const { elements } = await this.enqueue(async () => {
      await this.#evaluate([value], pending);
      return { elements: this.#fetch(value) };
    });
    return elements;
  }

  /** For tasks of the queue: computes `value` now. */
  async evaluateInTurn(value: GraphValue): Promise<void> {
    await this.#compute([value], []);
  }

  /** Makes sure that pending assignments are stored before what is called next. */
  flush(): void {
    const pending = this.#takePending();
    if (pending.length === 0) return;
    // Whoever reads what failed is told.
    this.enqueue(() => this.#evaluate([], pending)).catch(() => undefined);
  }

  /** The assignments that are pending; what is called from here on comes behind them. */
  #takePending(): PendingUpdate[] {
    if (this.#assigned.size === 0) return [];
    const taken = [...this.#assigned].flatMap((variable) => variable.takeAssigned() ?? []);
    this.#assigned.clear();
    this.#assignments = 0;
    return taken;
  }

  async #evaluate(values: readonly GraphValue[], updates: readonly PendingUpdate[]): Promise<void> {
    try {
      await this.#compute(values, updates);
    } catch (error) {
      if (updates.length === 0) throw error;
      const failed = await this.#assignApart(values, updates);
      const [one] = values.filter((value) => failed.has(value));
      if (one !== undefined) throw failed.get(one);
      await this.#compute(values, []);
    }
  }

  /**
   * As far as they can be computed: an assignment that fails must not keep others from taking effect. Gives what failed,
   * and why.
   */
  async #assignApart(
    values: readonly GraphValue[],
    updates: readonly PendingUpdate[],
  ): Promise<ReadonlyMap<GraphValue, unknown>> {
    const sound: PendingUpdate[] = [];
    const failed: { readonly update: PendingUpdate; readonly error: unknown }[] = [];
    // None is stored before all are computed: they are made of the elements before.
    for (const update of updates) {
      try {
        await this.#compute([update.value], []);
        sound.push(update);
      } catch (error) {
        failed.push({ update, error });
      }
    }
    try {
      await this.#compute([], sound);
    } catch (error) {
      failed.push(...sound.map((update) => ({ update, error })));
    }
    for (const { update, error } of failed) {
      update.cell.fail(update.version, error, values.includes(update.value));
    }
    return new Map(failed.map(({ update, error }) => [update.value, error]));
  }

  /**
   * Computes `values` and stores `updates`, as one plan; gives the cells of the results. Where the caller will dispose
   * of them, they are passing.
   */
  async #compute(
    values: readonly GraphValue[],
    updates: readonly PendingUpdate[],
    isPassing = false,
  ): Promise<readonly Cell[]> {
    const alive = updates.filter(({ cell, version }) => {
      if (cell.isDisposed) cell.keep(version);
      return !cell.isDisposed;
    });
    const stored = new Set(alive.map(({ value }) => value));
    const lazy = [...new Set(values.map(settled))].filter(
      (value) => value.node.op !== "source" && !stored.has(value),
    );
    if (lazy.length === 0 && alive.length === 0) return [];
    const fresh = fromSettled([...lazy, ...alive.map(({ value }) => value)]);
    const outputs = fresh.slice(0, lazy.length);
    const next = alive.map((update, i) => ({
      ...update,
      value: fresh[lazy.length + i] ?? update.value,
    }));
    const prepared = prepare({ outputs, updates: next }, { literalsAsData: true, isFresh: true });
    if (prepared.cells.some(({ kind }) => kind === "argument")) throw isArgument();
    const { program, literals } = await this.#eagerPlan(prepared);
    const cells = lazy.map(({ type }) => this.#cell(type));
    const storages = await this.bind(
      prepared,
      cells.map(({ block }) => block),
    );
    if (literals !== undefined) {
      this.device.write(literals, 0, literalData(prepared.literals));
      storages.splice(prepared.blocks.length, 0, literals);
    }
    await Promise.all(this.device.run(program, storages, []));
    lazy.forEach((value, i) => {
      const cell = cells[i];
      if (cell !== undefined) settle(value, cell.value, isPassing);
    });
    for (const { cell, version, value, next } of alive) {
      cell.store(version);
      settle(value, next);
    }
    if (this.isFull) await this.collect();
    return cells;
  }

  #cell(type: Cell["type"]): Cell {
    const cell = new Cell("data", type, "result");
    cell.home = this;
    return cell;
  }

  async #eagerPlan(prepared: Prepared): Promise<EagerPlan> {
    const { key } = prepared;
    const known = this.#plans.get(key) ?? (await this.#loadEager(prepared));
    this.#plans.set(key, known);
    this.#eager.use(known);
    return known;
  }

  async #loadEager(prepared: Prepared): Promise<EagerPlan> {
    const plan = prepared.plan(this.device.traits);
    const program = await this.load(plan);
    const bytes = literalBytes(prepared.literals.length);
    let literals: Storage | undefined;
    try {
      literals = bytes === 0 ? undefined : await this.withRoom(() => this.allocate(bytes));
    } catch (error) {
      this.unload(program);
      throw error;
    }
    return {
      program,
      literals,
      bytes,
      unload: () => {
        this.#plans.delete(prepared.key);
        this.unload(program);
        if (literals !== undefined) this.release(literals);
      },
    };
  }

  /** @throws OutOfMemoryError, KernelError */
  load(plan: Plan): Promise<Program> {
    return this.withRoom(() => {
      this.#checkBudget(this.device.growth(plan));
      return this.device.load(plan);
    });
  }

  /** A device that is closed or lost has taken its programs with it. */
  unload(program: Program): void {
    if (!this.isDead) this.#giveBack(() => this.device.unload(program));
  }

  /** The storages behind a plan's blocks and then `more`, with all data that was still on the host in place. */
  async bind(prepared: Prepared, more: readonly Block[]): Promise<Storage[]> {
    for (const cell of prepared.cells) {
      if (cell.coming !== undefined) await arrived(cell);
      cell.checkAlive();
    }
    const place = () => [...prepared.blocks, ...more].map((block) => this.storageOf(block));
    const storages = await this.withRoom(place);
    for (const cell of prepared.cells) this.upload(cell);
    return storages;
  }

  upload(cell: Cell): void {
    if (cell.host === undefined) return;
    this.device.write(this.storageOf(cell.block), cell.offset * BYTES_PER_ELEMENT, cell.host);
    cell.placed();
  }

  /** The memory behind `block`, allocated now if it has none. @throws GradgpuError where it is another runtime's */
  storageOf(block: Block): Storage {
    block.outlive();
    if (block.held !== undefined) {
      if (block.held.owner !== this) throw onTwoDevices(this, block.held.owner);
      return block.held.storage;
    }
    const storage = this.allocate(block.bytes);
    block.held = { storage, owner: this };
    return storage;
  }

  release(storage: Storage): void {
    if (!this.isDead) this.#giveBack(() => this.device.release(storage));
  }

  #giveBack(give: () => void): void {
    try {
      give();
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

  /** What `place` gives. Where there is no room for it, what nobody uses is given back first. */
  async withRoom<T>(place: () => Promise<T> | T): Promise<T> {
    try {
      return await place();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
    this.steps.clear();
    this.#eager.clear();
    let before = Number.POSITIVE_INFINITY;
    for (;;) {
      const held = this.device.memory().bytes;
      try {
        return await place();
      } catch (error) {
        if (!(error instanceof OutOfMemoryError) || held >= before) throw error;
      }
      before = held;
      await collectGarbage(() => this.device.memory().bytes < before);
    }
  }

  /** Whether so much is held that a part of it may be what nobody can reach. */
  get isFull(): boolean {
    return this.device.memory().bytes >= this.#collectAt;
  }

  /** Keeps memory that nobody can reach from piling up where the engine sees no reason to collect. */
  async collect(): Promise<void> {
    const { bytes } = this.device.memory();
    await collectGarbage(() => this.device.memory().bytes < bytes / 2);
    this.#collectAt = Math.max(LEAST_GARBAGE_BYTES, 2 * this.device.memory().bytes);
  }

  async #fetch(wanted: GraphValue): Promise<HostArray> {
    const { node } = settled(wanted);
    const cell = node.op === "source" && node.holder instanceof Cell ? node.holder : undefined;
    if (cell === undefined || cell.kind === "argument" || node.op !== "source") throw isArgument();
    cell.check(node);
    const { type } = cell;
    if (cell.coming !== undefined) return (await cell.coming).slice();
    cell.checkAlive();
    if (cell.host !== undefined) return cell.host.slice();
    if (sizeOf(type.shape) === 0) return viewAs(type.dtype, new ArrayBuffer(0));
    const storage = this.storageOf(cell.block);
    const bytes = await this.device.read(storage, cell.offset * BYTES_PER_ELEMENT, bytesOf(type));
    return viewAs(type.dtype, bytes);
  }

  /** Moves `variables`, which lie here or on the host, to another runtime, after everything asked for before. */
  move(variables: readonly Variable[], to: Runtime): Promise<void> {
    this.flush();
    return this.enqueue(async () => {
      const elements = await Promise.all(variables.map(({ cell }) => this.#fetch(cell.value)));
      // Those that lie side by side do so there, too.
      const blocks = new Map<Block, Block>();
      variables.forEach(({ cell }, i) => {
        const block = blocks.get(cell.block) ?? new Block(cell.block.bytes);
        blocks.set(cell.block, block);
        cell.moveTo(block, cell.offset);
        cell.home = to;
        cell.host = elements[i];
      });
    });
  }

  /** What is held on the device now. */
  memory(): { readonly bytes: number; readonly buffers: number } {
    return this.device.memory();
  }

  /** Waits for everything asked for so far, then gives the device back. */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.flush();
    // A device that is lost meanwhile has nothing to wait for.
    const done = this.enqueue(() => this.device.synchronise()).catch(() => undefined);
    this.#closing = Promise.race([done, this.device.lost]).then(() => {
      this.#isClosed = true;
      leaveRuntime(this);
      return this.device.close();
    });
    return this.#closing;
  }
}

function isArgument(): TraceError {
  return new TraceError(
    "data: this tensor stands for an argument of a compiled step and has no values. Return what you want to read from the step.",
  );
}

/** Brings elements that are on their way to the host. */
async function arrived(cell: Cell): Promise<void> {
  cell.host = await cell.coming;
  cell.coming = undefined;
}
