/**
 * One open device with everything that lives on it. Whatever touches the device goes through one queue, so that
 * assignments, steps, loads and reads take effect in the order in which they were called.
 */
import type { Device, DeviceMemory, Program, ReadRequest, Storage } from "../devices/device.ts";
import {
  ArgumentError,
  DeviceLostError,
  DisposedError,
  type GradgpuError,
  TraceError,
} from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import { BYTES_PER_ELEMENT, type HostArray, viewAs } from "../tensor/dtype.ts";
import type { Key } from "../tensor/random.ts";
import { bytesOf, sizeOf } from "../tensor/shape.ts";
import { activeTrace, checkNotInCell } from "./active-trace.ts";
import { Block, Cell } from "./cell.ts";
import { leaveRuntime } from "./current.ts";
import { Eager, isArgument } from "./eager.ts";
import { Lineage, type Openers } from "./lineage.ts";
import { onTwoDevices } from "./locate.ts";
import type { Prepared } from "./prepare.ts";
import { ProgramCache } from "./program-cache.ts";
import { Room } from "./room.ts";
import { EAGER_STREAM, keyOfRun } from "./seeds.ts";
import { settled } from "./settled.ts";
import { snapshotOf } from "./snapshot.ts";
import type { Tensor, Variable } from "./tensor.ts";

export interface RuntimeOptions {
  /** Seed of everything random that is not given one of its own. */
  readonly seed: number;
  /** Bytes of device memory that must not be exceeded. */
  readonly memoryBudget: number;
  /** Those it takes over from, */
  readonly lineage?: Lineage;
  /** or how others that take over from it are opened; where neither is given a loss is the end. */
  readonly openers?: Openers;
}

const MAX_STEP_PLANS = 512;

/** Is handed the times of a run's calls, in the order of its plan. */
export type Watcher = (program: Program, times: Promise<Float64Array>) => void;

/** An open device, with the tensors that lie on it and the plans that are made for it. */
export class Runtime {
  /** The device that computes. */
  readonly device: Device;
  /** What everything random follows from that is not given a seed of its own. */
  readonly seed: number;
  /** @internal */
  readonly room: Room;
  /** What it has taken over from, and what takes over from it. @internal */
  readonly lineage: Lineage;
  #watcher: Watcher | undefined;
  /** Plans of compiled steps. @internal */
  readonly steps = new ProgramCache(MAX_STEP_PLANS);
  readonly #eager = new Eager(this);
  #tail: Promise<unknown> = Promise.resolve();
  /** Tasks that have not ended. */
  #tasks = 0;
  #keys = 0;
  #loss: DeviceLostError | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(device: Device, options: RuntimeOptions) {
    this.device = device;
    this.seed = options.seed;
    this.lineage = options.lineage ?? new Lineage(this, options.openers);
    this.room = new Room(device, options.memoryBudget, [this.steps, this.#eager.plans]);
    void device.lost.then((loss) => {
      if (!this.#isClosed) this.#loss = loss;
      this.#letGo();
    });
  }

  /**
   * Plans refer to variables, and those to their runtime: the finalizer of a variable keeps the runtime for as long as the
   * variable can be reached, so a runtime that has ended must not reach it. After the tasks under way, which run plans.
   */
  #letGo(): void {
    void this.#tail.then(() => {
      this.steps.empty();
      this.#eager.letGo();
    });
  }

  /** Closed, or lost with its device: what lay there is gone. */
  get isDead(): boolean {
    return this.#loss !== undefined || this.#isClosed;
  }

  /** What its device was lost by. */
  get loss(): DeviceLostError | undefined {
    return this.#loss;
  }

  /** Takes no more calls. @internal */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Why the elements of what is called `name` cannot be had any more. @internal */
  obituary(name: string): GradgpuError {
    const how =
      "What was saved before can be loaded and goes where init() or runtime.recover() has opened a device since: model.loadStateDict(saved), trainer.loadState(saved); other tensors have to be made again.";
    return this.#loss === undefined
      ? new DisposedError(
          `${name}: a tensor can be used as long as its runtime is open; got one of ${this.device.description}, which was closed. ${how}`,
        )
      : new DeviceLostError(
          `${name}: a tensor can be used as long as its device is there; got one of ${this.device.description}, which was lost. ${how}`,
        );
  }

  /** Runs `task` after everything asked for before. @internal */
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

  /** Runs `task` at once where nothing is before it, else in turn; nobody waits for it. @internal */
  inOrder(task: () => void): void {
    if (this.#tasks === 0 || this.#closing !== undefined) task();
    else this.enqueue(task).catch(() => undefined);
  }

  /** Random numbers outside compiled steps begin anew, as after `init`. @internal */
  restartKeys(): void {
    this.#keys = 0;
  }

  /** A key for something random outside compiled steps: a new one at every call. @internal */
  nextKey(): Key {
    return keyOfRun(this.seed, EAGER_STREAM, this.#keys++);
  }

  /** Takes over: random numbers go on where those of `before` were, and what was to be assigned there is not any more. @internal */
  continueFrom(before: Runtime): void {
    this.#keys = before.#keys;
    if (before.isDead) before.#dropAssigned();
  }

  #dropAssigned(): void {
    for (const { cell, version } of this.#eager.take()) cell.keep(version);
  }

  /** @internal */
  noteAssigned(variable: Variable): void {
    this.#eager.note(variable);
  }

  /** `variable` has got other elements, or is gone: what was assigned is not wanted any more. @internal */
  forgetAssigned(variable: Variable): void {
    this.#eager.forget(variable);
  }

  /**
   * Computes `tensors` and every assignment that is pending, as one plan.
   * @throws DeviceLostError where what they need is gone, OutOfMemoryError where it has no room, DisposedError after close()
   */
  async evaluate(tensors: readonly Tensor[]): Promise<void> {
    const values = tensors.map(({ value }) => value);
    const pending = this.#eager.take();
    return this.enqueue(() => this.#eager.evaluate(values, pending));
  }

  /**
   * The elements of a tensor: what `tensor.data()` asks for.
   * @throws TraceError while a step is traced, DeviceLostError where they are gone, DisposedError after close()
   */
  async read(tensor: Tensor): Promise<HostArray> {
    checkNotInCell("data: a tensor has no values", "Give it back as y and read that.");
    if (activeTrace() !== undefined) {
      throw new TraceError(
        "data: a tensor has no values while a step is traced. Return it from the step and read it there.",
      );
    }
    const { value } = tensor;
    const pending = this.#eager.take();
    // The read is started in turn but awaited outside the queue, so that later steps need not wait for it.
    const { elements } = await this.enqueue(async () => {
      await this.#eager.evaluate([value], pending);
      return { elements: this.#fetch(value) };
    });
    return elements;
  }

  /** For tasks of the queue: computes `value` now. @internal */
  async evaluateInTurn(value: GraphValue): Promise<void> {
    await this.#eager.compute([value], []);
  }

  /** Makes sure that pending assignments are stored before what is called next. @internal */
  flush(): void {
    const pending = this.#eager.take();
    if (pending.length === 0) return;
    // Whoever reads what failed is told.
    this.enqueue(() => this.#eager.evaluate([], pending)).catch(() => undefined);
  }

  /**
   * The storages behind a plan's blocks and then `more`, with all data that was still on the host in place. At once, but
   * where something is on its way or room has to be made.
   * @internal
   */
  bind(prepared: Prepared, more: readonly Block[]): Storage[] | Promise<Storage[]> {
    const { cells } = prepared;
    if (cells.some(({ coming }) => coming !== undefined)) {
      return Promise.all(cells.map(arrived)).then(() => this.bind(prepared, more));
    }
    for (const cell of cells) cell.checkAlive();
    const upload = (storages: Storage[]) => {
      for (const cell of cells) this.upload(cell);
      return storages;
    };
    const placed = this.room.withRoom(() =>
      [...prepared.blocks, ...more].map((block) => this.storageOf(block)),
    );
    return placed instanceof Promise ? placed.then(upload) : upload(placed);
  }

  /** @internal */
  upload(cell: Cell): void {
    if (cell.host === undefined) return;
    this.device.write(this.storageOf(cell.block), cell.offset * BYTES_PER_ELEMENT, cell.host);
    cell.placed();
  }

  /** The memory behind `block`, allocated now if it has none. @throws GradgpuError where it is another runtime's @internal */
  storageOf(block: Block): Storage {
    block.outlive();
    if (block.held !== undefined) {
      if (block.held.owner !== this) throw onTwoDevices(this, block.held.owner);
      return block.held.storage;
    }
    const storage = this.room.allocate(block.bytes, block.isPacked);
    block.held = { storage, owner: this };
    return storage;
  }

  /** A runtime that is closed, or lost with its device, has given everything back. @internal */
  release(storage: Storage): void {
    if (!this.isDead) this.room.release(storage);
  }

  /** @internal */
  unload(program: Program): void {
    if (!this.isDead) this.room.unload(program);
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

  /** Moves variables by their cells, which lie here or on the host, to another runtime, after everything asked for before. @internal */
  move(variables: readonly Pick<Variable, "cell">[], to: Runtime): Promise<void> {
    this.flush();
    return this.enqueue(async () => {
      const elements = await Promise.all(variables.map(({ cell }) => this.#fetch(cell.value)));
      // Those that lie side by side do so there, too. Steps see by their place that they have moved.
      const blocks = new Map<Block, Block>();
      for (const { cell } of variables) {
        const block = blocks.get(cell.block) ?? new Block(cell.block.bytes, cell.block.isPacked);
        blocks.set(cell.block, block);
        to.storageOf(block);
      }
      variables.forEach(({ cell }, i) => {
        cell.moveTo(blocks.get(cell.block) ?? cell.block, cell.offset);
        cell.home = to;
        cell.host = elements[i];
      });
    });
  }

  /** Runs a program, for tasks of the queue. @internal */
  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    const { device } = this;
    const watcher = this.#watcher;
    if (watcher === undefined) return device.run(program, bindings, reads);
    watcher(program, device.profile(program, bindings));
    return reads.map(({ storage, byteOffset, bytes }) => device.read(storage, byteOffset, bytes));
  }

  /**
   * From what is asked for next on, `watcher` is handed the times of every run, until what it gives is called.
   * @throws ArgumentError where there is one
   * @internal
   */
  async watch(watcher: Watcher): Promise<() => Promise<void>> {
    await this.enqueue(() => {
      if (this.#watcher !== undefined) {
        throw new ArgumentError(
          "profile: one profile must have ended before another begins; got a second one. Await the first.",
        );
      }
      this.#watcher = watcher;
    });
    const end = () => {
      this.#watcher = undefined;
    };
    // A device that is closed meanwhile has nothing more to tell.
    return () => this.enqueue(end).catch(end);
  }

  /** What is held on the device now; `memoryByOwner` says by whom. */
  memory(): DeviceMemory {
    return this.device.memory();
  }

  /** Bytes of what plans hold beside that: their own inputs and results, and numbers. @internal */
  get planBytes(): number {
    return this.steps.bytes + this.#eager.plans.bytes;
  }

  /**
   * Keeps the elements of `variables` on the host, as they are after all calls before, in the place of what was kept
   * before: `recover()` begins with them. Copied on the device's own time; settles when they are there.
   * @throws DeviceLostError where they are gone already
   */
  async snapshot(variables: Iterable<Variable>): Promise<void> {
    const cells = [...variables].map(({ cell }) => cell);
    const { lineage } = this;
    lineage.snapshot = await snapshotOf(cells, lineage.snapshot);
  }

  /**
   * Opens a device of the same kind in the place of the one that was lost, the cpu where there is none, and gives what
   * `snapshot` kept its elements back. What is used afterwards is used there, and steps are planned anew; tensors that were
   * not kept say that they are gone. The runtime that has taken over: this one where nothing is lost.
   * @param needed what has to be there again
   * @throws DeviceLostError where one of `needed` was not kept, with its name, and where no device can be had
   */
  async recover(needed: Iterable<Variable> = []): Promise<Runtime> {
    const { lineage } = this;
    const gone = [...needed].filter(({ cell }) => cell.isLost && !lineage.snapshot?.has(cell));
    if (gone.length > 0) {
      throw new DeviceLostError(
        `recover: what is needed must have been kept by runtime.snapshot(variables); got none of ${gone
          .map(({ name }) => name)
          .join(", ")
          .slice(0, 400)}. Load it from where it was saved.`,
      );
    }
    return lineage.recover();
  }

  /** Waits for everything asked for so far, then gives the device back, and that of what has taken over. */
  close(): Promise<void> {
    return this.lineage.close();
  }

  /** For the lineage: as `close`, of this device alone. @internal */
  closeDevice(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.flush();
    // A device that is lost meanwhile has nothing to wait for.
    const done = this.enqueue(() => this.device.synchronise()).catch(() => undefined);
    this.#closing = Promise.race([done, this.device.lost]).then(() => {
      this.#isClosed = true;
      this.#letGo();
      this.#dropAssigned();
      leaveRuntime(this);
      return this.device.close();
    });
    return this.#closing;
  }
}

/** Brings elements that are on their way to the host. */
export async function arrived(cell: Cell): Promise<void> {
  if (cell.coming === undefined) return;
  cell.host = await cell.coming;
  cell.coming = undefined;
}
