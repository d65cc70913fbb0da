import { DeviceLostError, InternalError } from "../../errors.ts";
import type { DeviceTraits } from "../../scheduler/lowering.ts";
import type { Plan } from "../../scheduler/plan.ts";
import type { HostArray } from "../../tensor/dtype.ts";
import type { Device, Program, ReadRequest, Storage } from "../device.ts";
import { Allocator } from "./allocator.ts";
import { type Declarations, type Division, encodePlan } from "./commands.ts";
import { type Command, type FromWorker, firstTensorAddress } from "./messages.ts";
import type { WorkerHandle } from "./spawn.ts";

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
  /** Of the command words and of the slots of temporaries. */
  readonly addresses: readonly number[];
  constructor(plan: Plan, id: number, addresses: readonly number[]) {
    this.plan = plan;
    this.id = id;
    this.addresses = addresses;
  }
}

/** What a device is made of once its workers are ready; see `openCpuDevice`. */
export interface CpuDeviceParts {
  readonly description: string;
  readonly traits: DeviceTraits;
  readonly declarations: Declarations;
  readonly division: Division;
  /** The conductor first. */
  readonly workers: readonly WorkerHandle[];
  /** Makes the memory at least that large; see `Allocator`. `grow` tells a conductor that owns it alone. */
  readonly reserve: (bytes: number, grow: (pages: number) => void) => boolean;
}

interface Pending {
  resolve(data: ArrayBuffer): void;
  reject(error: DeviceLostError): void;
}

/**
 * The caller's side of the cpu device. It computes nothing: calls become commands for the conductor, which are sent
 * together at the end of the current task, or as soon as someone waits for a result.
 */
export class CpuDevice implements Device {
  readonly name = "cpu";
  readonly description: string;
  readonly traits: DeviceTraits;
  readonly lost: Promise<DeviceLostError>;

  private readonly parts: CpuDeviceParts;
  private readonly allocator: Allocator;
  private readonly pending = new Map<number, Pending>();
  private queue: Command[] = [];
  private loss: DeviceLostError | undefined;
  private nextId = 0;
  private settleLost: (error: DeviceLostError) => void = () => {};

  constructor(parts: CpuDeviceParts) {
    this.parts = parts;
    this.description = parts.description;
    this.traits = parts.traits;
    this.lost = new Promise((resolve) => {
      this.settleLost = resolve;
    });
    this.allocator = new Allocator(firstTensorAddress(parts.workers.length), (bytes) =>
      parts.reserve(bytes, (pages) => this.send({ kind: "grow", pages })),
    );
  }

  allocate(bytes: number): Storage {
    this.checkAlive();
    return new CpuStorage(bytes, this.allocateZeros(bytes));
  }

  release(storage: Storage): void {
    this.checkAlive();
    this.allocator.release(own(storage).address);
  }

  write(storage: Storage, byteOffset: number, data: HostArray): void {
    this.checkAlive();
    const copy = new ArrayBuffer(data.byteLength);
    new Uint8Array(copy).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.send({ kind: "write", address: own(storage).address + byteOffset, data: copy });
  }

  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void {
    this.checkAlive();
    this.send({
      kind: "copy",
      from: own(from).address + fromOffset,
      to: own(to).address + toOffset,
      bytes,
    });
  }

  async read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    this.checkAlive();
    const { id, promise } = this.expect();
    this.send({ kind: "read", read: { id, address: own(storage).address + byteOffset, bytes } });
    this.flush();
    return promise;
  }

  async load(plan: Plan): Promise<Program> {
    this.checkAlive();
    const slots: number[] = [];
    try {
      for (const bytes of plan.slots) slots.push(this.allocateZeros(bytes));
      const { declarations, division } = this.parts;
      const image = encodePlan(plan, slots, declarations, division);
      const { address } = this.allocator.allocate(image.words.byteLength);
      const program = new CpuProgram(plan, this.nextId++, [address, ...slots]);
      this.send({ kind: "load", program: program.id, address, image });
      return program;
    } catch (error) {
      for (const address of slots) this.allocator.release(address);
      throw error;
    }
  }

  unload(program: Program): void {
    this.checkAlive();
    const { id, addresses } = ownProgram(program);
    this.send({ kind: "unload", program: id });
    for (const address of addresses) this.allocator.release(address);
  }

  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    this.checkAlive();
    const expected = reads.map(() => this.expect());
    this.send({
      kind: "run",
      program: ownProgram(program).id,
      bindings: bindings.map((storage) => own(storage).address),
      reads: reads.map(({ storage, byteOffset, bytes }, i) => ({
        id: expected[i]?.id ?? -1,
        address: own(storage).address + byteOffset,
        bytes,
      })),
    });
    this.flush();
    return expected.map(({ promise }) => promise);
  }

  async synchronise(): Promise<void> {
    this.checkAlive();
    const { id, promise } = this.expect();
    this.send({ kind: "synchronise", id });
    this.flush();
    await promise;
  }

  memory(): { readonly bytes: number; readonly buffers: number } {
    return { bytes: this.allocator.bytes, buffers: this.allocator.buffers };
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
      waiting?.resolve(data);
    }
    if (this.pending.size === 0) this.parts.workers[0]?.letGo();
  }

  /** Ends the device: everything that anyone waits for is rejected. */
  lose(reason: string): void {
    if (this.loss !== undefined) return;
    const error = new DeviceLostError(
      `cpu: the device must be open to be used; got the end of its workers: ${reason}. Open a new device.`,
    );
    this.loss = error;
    for (const worker of this.parts.workers) worker.terminate();
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
    this.queue = [];
    this.settleLost(error);
  }

  private checkAlive(): void {
    if (this.loss !== undefined) throw this.loss;
  }

  private allocateZeros(bytes: number): number {
    const { address, fresh } = this.allocator.allocate(bytes);
    if (!fresh && bytes > 0) this.send({ kind: "zero", address, bytes });
    return address;
  }

  private expect(): { id: number; promise: Promise<ArrayBuffer> } {
    const id = this.nextId++;
    if (this.pending.size === 0) this.parts.workers[0]?.hold();
    const promise = new Promise<ArrayBuffer>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
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
      return command.kind === "load" ? [command.image.words.buffer] : [];
    });
    this.parts.workers[0]?.post({ kind: "commands", commands }, transfer);
  }
}

function own(storage: Storage): CpuStorage {
  if (storage instanceof CpuStorage) return storage;
  throw new InternalError("cpu: a storage of another device was handed in.");
}

function ownProgram(program: Program): CpuProgram {
  if (program instanceof CpuProgram) return program;
  throw new InternalError("cpu: a program of another device was handed in.");
}
