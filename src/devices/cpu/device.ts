import { isDebugBuild } from "../../debug.ts";
import { DeviceLostError } from "../../errors.ts";
import type { DeviceTraits } from "../../scheduler/lowering.ts";
import type { Plan } from "../../scheduler/plan.ts";
import type { HostArray } from "../../tensor/dtype.ts";
import type { Device, DeviceMemory, Program, ReadRequest, Storage } from "../device.ts";
import { hostBuffer, noHostMemory } from "../shared/host-buffer.ts";
import { OwnedResources } from "../shared/owned.ts";
import { checkBindings, checkRange } from "../shared/ranges.ts";
import { SharedTemporaries, type Tenancy } from "../shared/temporaries.ts";
import { ALIGNMENT, Allocator } from "./allocator.ts";
import { commandBytes, type Division, encodePlan } from "./commands.ts";
import { EmittedFunctions } from "./emit/functions.ts";
import type { ModuleForm } from "./emit/module.ts";
import { ADOPT_BYTES, type Command, type FromWorker, firstTensorAddress } from "./messages.ts";
import type { WorkerHandle } from "./worker-handle.ts";

class CpuStorage implements Storage {
  readonly bytes: number;
  readonly address: number;
  constructor(bytes: number, address: number) {
    this.bytes = bytes;
    this.address = address;
  }
}

class CpuProgram implements Program {
  readonly plan: Plan;
  readonly id: number;
  /** Of the command words. */
  readonly address: number;
  readonly temporaries: Tenancy<Level>;
  /** Of the emitted functions that it calls. */
  readonly structures: ReadonlySet<string>;
  /** Of the temporaries, where the conductor was told that they lie. */
  version = -1;
  constructor(
    plan: Plan,
    id: number,
    address: number,
    temporaries: Tenancy<Level>,
    structures: ReadonlySet<string>,
  ) {
    this.structures = structures;
    this.plan = plan;
    this.id = id;
    this.address = address;
    this.temporaries = temporaries;
  }
}

/** Memory that temporaries of programs lie in. */
interface Level {
  readonly address: number;
}

/** What a device is made of once its workers are ready; see `openCpuDevice`. */
export interface CpuDeviceParts {
  readonly description: string;
  readonly traits: DeviceTraits;
  readonly division: Division;
  readonly form: ModuleForm;
  /** The conductor first. */
  readonly workers: readonly WorkerHandle[];
  /** Makes the memory at least that large; see `Allocator`. `grow` tells a conductor that owns it alone. */
  readonly reserve: (bytes: number, grow: (pages: number) => void) => boolean;
  /** Wakes threads that wait for each other, for their end. */
  readonly endSleep: () => void;
}

interface Pending {
  readonly bytes: number;
  resolve(data: ArrayBuffer): void;
  reject(error: Error): void;
}

/**
 * The caller's side of the cpu device. It computes nothing: calls become commands for the conductor, which are sent
 * together at the end of the current task, or as soon as someone waits for a result.
 */
export class CpuDevice implements Device {
  readonly name = "cpu";
  readonly clock = "worker";
  readonly description: string;
  readonly traits: DeviceTraits;
  readonly lost: Promise<DeviceLostError>;

  private readonly division: Division;
  private readonly emitted: EmittedFunctions;
  private readonly storages = new OwnedResources(CpuStorage, "a storage");
  private readonly programs = new OwnedResources(CpuProgram, "a program");
  private readonly pending = new Map<number, Pending>();
  private endSleep: () => void;
  private workers: readonly WorkerHandle[];
  private allocator: Allocator;
  private temporaries: SharedTemporaries<Level>;
  private queue: Command[] = [];
  private loss: DeviceLostError | undefined;
  private nextId = 0;
  private settleLost: (error: DeviceLostError) => void = () => {};

  constructor({ workers, reserve, ...parts }: CpuDeviceParts) {
    this.description = parts.description;
    this.traits = parts.traits;
    this.division = parts.division;
    this.emitted = new EmittedFunctions(parts.form);
    this.workers = workers;
    this.endSleep = parts.endSleep;
    this.lost = new Promise((resolve) => {
      this.settleLost = resolve;
    });
    this.allocator = new Allocator(firstTensorAddress(workers.length), (bytes) =>
      reserve(bytes, (pages) => this.send({ kind: "grow", pages })),
    );
    this.temporaries = this.sharedTemporaries();
  }

  allocate(bytes: number, isZeroed = true): Storage {
    this.checkAlive();
    const { address, fresh } = this.allocator.allocate(bytes);
    if (!isZeroed) this.spoil(address, bytes);
    else if (!fresh && bytes > 0) this.send({ kind: "fill", address, bytes, value: 0n });
    return this.storages.add(new CpuStorage(bytes, address));
  }

  release(storage: Storage): void {
    if (this.loss !== undefined) return;
    const own = this.storages.remove("release", storage);
    if (own !== undefined) this.allocator.release(own.address);
  }

  write(storage: Storage, byteOffset: number, data: HostArray): void {
    this.checkAlive();
    const address = this.addressOf("write", storage, byteOffset, data.byteLength);
    const copy = hostBuffer("write", data.byteLength);
    new Uint8Array(copy).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.send({ kind: "write", address, data: copy });
  }

  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void {
    this.checkAlive();
    const source = this.addressOf("copy", from, fromOffset, bytes);
    const target = this.addressOf("copy", to, toOffset, bytes);
    this.send({ kind: "copy", from: source, to: target, bytes });
  }

  async read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    this.checkAlive();
    const address = this.addressOf("read", storage, byteOffset, bytes);
    const { id, promise } = this.wait(bytes);
    this.send({ kind: "read", read: { id, address, bytes } });
    this.flush();
    return promise;
  }

  async load(plan: Plan): Promise<Program> {
    this.checkAlive();
    this.forgetEmitted();
    const tenancy = this.temporaries.claim(plan.slots);
    try {
      const structures = new Set<string>();
      const image = encodePlan(plan, this.division, (structure) => {
        structures.add(structure);
        return this.emitted.slotOf(structure);
      });
      this.adoptEmitted();
      const { address } = this.allocator.allocate(image.words.byteLength);
      this.temporaries.enter(tenancy);
      this.emitted.use(structures);
      const program = new CpuProgram(plan, this.nextId++, address, tenancy, structures);
      this.send({ kind: "load", program: program.id, address, image });
      return this.programs.add(program);
    } catch (error) {
      this.temporaries.leave(tenancy);
      throw error;
    }
  }

  /** Hands functions that were wanted for the first time to the workers. */
  private adoptEmitted(): void {
    this.emitted.emit((module, functions) => {
      const { address } = this.allocator.allocate(ADOPT_BYTES + module.length);
      this.send({ kind: "adopt", address, module, functions });
      // It is compiled before a later command writes there.
      this.allocator.release(address);
    });
  }

  private forgetEmitted(): void {
    this.emitted.forgetIdle((slots) => {
      const { address } = this.allocator.allocate(4 * (3 + slots.length));
      this.send({ kind: "forget", address, slots });
      this.allocator.release(address);
    });
  }

  growth(plan: Plan): number {
    const words =
      Math.max(1, Math.ceil(commandBytes(plan.steps, this.division.threads) / ALIGNMENT)) *
      ALIGNMENT;
    return words + this.temporaries.growth(plan.slots);
  }

  unload(program: Program): void {
    if (this.loss !== undefined) return;
    const own = this.programs.remove("unload", program);
    if (own === undefined) return;
    this.send({ kind: "unload", program: own.id });
    this.allocator.release(own.address);
    this.temporaries.leave(own.temporaries);
    this.emitted.release(own.structures);
  }

  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    this.checkAlive();
    const own = this.programs.get("run", program);
    const addresses = bindings.map((storage) => this.storages.get("run", storage).address);
    checkBindings(own.plan, bindings);
    const wanted = reads.map(({ storage, byteOffset, bytes }) => ({
      address: this.addressOf("run", storage, byteOffset, bytes),
      bytes,
    }));
    this.place(own);
    const waiting = wanted.map(({ bytes }) => this.wait(bytes));
    this.send({
      kind: "run",
      program: own.id,
      bindings: addresses,
      reads: wanted.map((read, i) => ({ ...read, id: waiting[i]?.id ?? -1 })),
    });
    this.flush();
    return waiting.map(({ promise }) => promise);
  }

  async profile(program: Program, bindings: readonly Storage[]): Promise<Float64Array> {
    this.checkAlive();
    const own = this.programs.get("profile", program);
    const addresses = bindings.map((storage) => this.storages.get("profile", storage).address);
    checkBindings(own.plan, bindings);
    this.place(own);
    const { id, promise } = this.wait(0);
    this.send({ kind: "profile", program: own.id, bindings: addresses, id });
    this.flush();
    return new Float64Array(await promise);
  }

  async synchronise(): Promise<void> {
    this.checkAlive();
    const { id, promise } = this.wait(0);
    this.send({ kind: "synchronise", id });
    this.flush();
    await promise;
  }

  memory(): DeviceMemory {
    const { bytes, buffers, freeBytes } = this.allocator;
    let programBytes = 0;
    for (const { address } of this.programs.values())
      programBytes += this.allocator.bytesAt(address);
    return { bytes, buffers, temporaryBytes: this.temporaries.bytes, programBytes, freeBytes };
  }

  async close(): Promise<void> {
    this.lose("the device was closed");
  }

  /** What a worker said. */
  receive(message: FromWorker): void {
    if (message.kind === "fault") this.lose(message.message);
    if (message.kind !== "results") return;
    for (const { id, data } of message.results) {
      const waiting = this.pending.get(id);
      this.pending.delete(id);
      if (data !== undefined) waiting?.resolve(data);
      else waiting?.reject(noHostMemory("read", waiting.bytes));
    }
    if (this.pending.size === 0) this.workers[0]?.letGo();
  }

  /** Ends the device: everything that anyone waits for is rejected, and nothing of its memory is held any longer. */
  lose(reason: string): void {
    if (this.loss !== undefined) return;
    const error = new DeviceLostError(
      `cpu: the device must be open to be used; got the end of its workers: ${reason}. Open a new device.`,
    );
    this.loss = error;
    // All of them: one that waits for another in shared memory would wait for ever.
    this.endSleep();
    // It holds the memory.
    this.endSleep = () => {};
    for (const worker of this.workers) worker.terminate();
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
    this.storages.clear();
    this.programs.clear();
    this.queue = [];
    this.workers = [];
    this.allocator = new Allocator(0, () => false);
    this.temporaries = this.sharedTemporaries();
    this.settleLost(error);
  }

  private checkAlive(): void {
    if (this.loss !== undefined) throw this.loss;
  }

  /** A debug build fills memory that may hold anything with NaN, so that whoever counts on zeros is found out. */
  private spoil(address: number, bytes: number): void {
    if (isDebugBuild && bytes > 0) this.send({ kind: "fill", address, bytes, value: -1n });
  }

  private sharedTemporaries(): SharedTemporaries<Level> {
    const { allocator } = this;
    return new SharedTemporaries({
      granularity: ALIGNMENT,
      allocate: (bytes) => {
        const { address } = allocator.allocate(bytes);
        this.spoil(address, bytes);
        return { address };
      },
      release: ({ address }) => allocator.release(address),
      resize: ({ address }, bytes) => allocator.resize(address, bytes),
    });
  }

  /** Tells the conductor where a program's slots lie, if it does not know. */
  private place(program: CpuProgram): void {
    const { version } = this.temporaries;
    if (program.version === version) return;
    program.version = version;
    const slots = this.temporaries.storagesOf(program.temporaries).map(({ address }) => address);
    if (slots.length > 0) this.send({ kind: "place", program: program.id, slots });
  }

  private addressOf(call: string, storage: Storage, byteOffset: number, bytes: number): number {
    const { address } = this.storages.get(call, storage);
    checkRange(call, storage, byteOffset, bytes);
    return address + byteOffset;
  }

  private wait(bytes: number): { id: number; promise: Promise<ArrayBuffer> } {
    const id = this.nextId++;
    if (this.pending.size === 0) this.workers[0]?.hold();
    const promise = new Promise<ArrayBuffer>((resolve, reject) => {
      this.pending.set(id, { bytes, resolve, reject });
    });
    return { id, promise };
  }

  private send(command: Command): void {
    if (this.queue.length === 0) queueMicrotask(() => this.flush());
    this.queue.push(command);
  }

  private flush(): void {
    if (this.queue.length === 0) return;
    const commands = this.queue;
    this.queue = [];
    const transfer = commands.flatMap((command) => {
      if (command.kind === "write") return [command.data];
      if (command.kind === "adopt") return [command.module.buffer];
      return command.kind === "load" ? [command.image.words.buffer] : [];
    });
    this.workers[0]?.post({ kind: "commands", commands }, transfer);
  }
}
