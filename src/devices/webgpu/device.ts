/**
 * The webgpu device. Calls go straight to the GPU's queue, which keeps their order. Only a program with fallback steps
 * visits the host in the middle of a run; until it has ended, later calls wait in a CallQueue.
 */
import { DeviceLostError, DisposedError, type GradgpuError, KernelError } from "../../errors.ts";
import type { DeviceTraits, FallbackCall } from "../../scheduler/lowering.ts";
import type { Plan } from "../../scheduler/plan.ts";
import type { HostArray } from "../../tensor/dtype.ts";
import type { Device, Program, ReadRequest, Storage } from "../device.ts";
import { BufferPool, WebgpuStorage } from "./buffers.ts";
import { CallQueue, PendingPromises } from "./calls.ts";
import { openScopes } from "./failures.ts";
import { BUFFER_USAGE } from "./flags.ts";
import { importFallback, type LoadFallback } from "./import-fallback.ts";
import {
  boundOf,
  EMPTY_BUFFER_BYTES,
  type Listing,
  listPlan,
  needsHost,
  type Segment,
} from "./listing.ts";
import { PipelineCache } from "./pipelines.ts";
import { profileProgram } from "./profile.ts";
import { WebgpuProgram } from "./program.ts";
import type { BufferRange } from "./readback.ts";
import { Submissions } from "./submissions.ts";

export interface WebgpuDeviceOptions {
  readonly traits: DeviceTraits;
  readonly description: string;
  /** A device that the caller owns is not destroyed by `close`. */
  readonly isOwned: boolean;
  readonly budgetBytes: number;
  /** Every submission is checked. Otherwise only those after the first failure are. */
  readonly isDebug: boolean;
  /** `importFallback` where nothing is said. */
  readonly loadFallback?: LoadFallback;
}

export class WebgpuDevice implements Device {
  readonly name = "webgpu";
  readonly description: string;
  readonly traits: DeviceTraits;
  readonly lost: Promise<DeviceLostError>;
  readonly gpuDevice: GPUDevice;
  readonly #isOwned: boolean;
  readonly #loadFallback: LoadFallback;
  readonly #pool: BufferPool;
  readonly #pipelines: PipelineCache;
  readonly #submissions: Submissions;
  readonly #calls: CallQueue;
  readonly #pending = new PendingPromises();
  readonly #programs = new Set<WebgpuProgram>();
  readonly #emptyRead: GPUBuffer;
  readonly #emptyWritten: GPUBuffer;
  #ended: GradgpuError | undefined;

  constructor(gpuDevice: GPUDevice, options: WebgpuDeviceOptions) {
    this.gpuDevice = gpuDevice;
    this.traits = options.traits;
    this.description = options.description;
    this.#isOwned = options.isOwned;
    this.#loadFallback = options.loadFallback ?? importFallback;
    this.#pool = new BufferPool(gpuDevice, options.budgetBytes);
    this.#pipelines = new PipelineCache(gpuDevice);
    const usage = BUFFER_USAGE.STORAGE;
    this.#emptyRead = gpuDevice.createBuffer({
      label: "gradgpu empty",
      size: EMPTY_BUFFER_BYTES,
      usage,
    });
    this.#emptyWritten = gpuDevice.createBuffer({
      label: "gradgpu empty",
      size: EMPTY_BUFFER_BYTES,
      usage,
    });
    this.lost = new Promise((resolve) => {
      void gpuDevice.lost.then((info) => {
        if (this.#ended !== undefined) return;
        const reason = info.message === "" ? info.reason : `${info.reason}: ${info.message}`;
        const error = new DeviceLostError(
          `webgpu: the device must stay alive; got lost (${reason}). Open a device again, or use the cpu device.`,
        );
        this.#ended = error;
        this.#pending.rejectAll(error);
        resolve(error);
      });
    });
    this.#submissions = new Submissions(gpuDevice, this.#pool, this.lost, options);
    this.#calls = new CallQueue((error) => this.#submissions.noteFailure(error));
  }

  allocate(bytes: number): WebgpuStorage {
    this.#check();
    return this.#pool.allocate(bytes);
  }

  /** A caller's own buffer as a storage; its usage must include STORAGE, COPY_SRC and COPY_DST. */
  adopt(buffer: GPUBuffer): WebgpuStorage {
    this.#check();
    return this.#pool.adopt(buffer);
  }

  release(storage: Storage): void {
    if (this.#ended !== undefined) return;
    const own = ownStorage(storage);
    this.#calls.do(() => this.#pool.release(own));
  }

  write(storage: Storage, byteOffset: number, data: HostArray): void {
    this.#check();
    const own = ownStorage(storage);
    if (data.byteLength === 0) return;
    const bytes = this.#calls.isBusy ? data.slice() : data;
    this.#calls.do(() => this.#write(own, byteOffset, bytes));
  }

  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void {
    this.#check();
    const source = ownStorage(from).buffer;
    const target = ownStorage(to).buffer;
    this.#calls.do(() => {
      if (bytes === 0) return;
      const encoder = this.#submissions.encoder();
      encoder.copyBufferToBuffer(source, fromOffset, target, toOffset, bytes);
      this.#submissions.submitUnasked(encoder);
    });
  }

  read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    this.#check();
    const range = { buffer: ownStorage(storage).buffer, byteOffset, bytes };
    return this.#pending.track(
      this.#later(() => this.#submissions.submitAndRead(this.#submissions.encoder(), [range])).then(
        ([value]) => value ?? new ArrayBuffer(0),
      ),
    );
  }

  load(plan: Plan): Promise<WebgpuProgram> {
    this.#check();
    return this.#pending.track(this.#load(plan));
  }

  unload(program: Program): void {
    if (this.#ended !== undefined) return;
    const own = ownProgram(program);
    this.#calls.do(() => this.#free(own));
  }

  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    this.#check();
    const own = ownProgram(program);
    if (own.isUnloaded)
      throw new DisposedError(
        "webgpu: a program must be loaded to run; got one that was unloaded.",
      );
    const storages = bindings.map(ownStorage);
    const ranges = reads.map(
      ({ storage, byteOffset, bytes }): BufferRange => ({
        buffer: ownStorage(storage).buffer,
        byteOffset,
        bytes,
      }),
    );
    const isDirect = !own.segments.some(needsHost);
    if (reads.length === 0) {
      this.#calls.do(() =>
        isDirect ? this.#runAtOnce(own, storages) : this.#runInParts(own, storages),
      );
      return [];
    }
    const values = isDirect
      ? this.#later(() => this.#runAndRead(own, storages, ranges))
      : this.#laterAsync(async () => {
          await this.#runInParts(own, storages);
          return () => this.#submissions.submitAndRead(this.#submissions.encoder(), ranges);
        });
    return reads.map((_, i) =>
      this.#pending.track(values.then((list) => list[i] ?? new ArrayBuffer(0))),
    );
  }

  /**
   * Runs a program for its times: milliseconds of each call of its plan (`callsOf`), by the GPU's clock. Every dispatch is a pass of
   * its own here, so that their sum is a little more than a run takes. A run asked for later waits.
   * @throws KernelError where the device has no timestamp-query
   */
  profile(program: Program, bindings: readonly Storage[]): Promise<Float64Array> {
    this.#check();
    const own = ownProgram(program);
    const storages = bindings.map(ownStorage);
    const times = this.#laterAsync(async () => {
      own.bind(storages);
      const values = await profileProgram(this.gpuDevice, own, {
        encoder: () => this.#submissions.encoder(),
        read: (encoder, range) => this.#submissions.submitAndRead(encoder, [range]),
        runOnHost: (call) => this.#runOnHost(own, call),
      });
      return async () => values;
    });
    return this.#pending.track(times);
  }

  synchronise(): Promise<void> {
    this.#check();
    const done = this.#later(async () => {
      await this.gpuDevice.queue.onSubmittedWorkDone();
      this.#submissions.tellFailure();
    });
    return this.#pending.track(done);
  }

  memory(): { readonly bytes: number; readonly buffers: number } {
    return this.#pool.usage;
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const error = new DisposedError(
      "webgpu: the device must be open; got a call after close(). Open a device again.",
    );
    this.#ended = error;
    this.#pending.rejectAll(error);
    for (const program of this.#programs) this.#free(program);
    this.#pool.trim();
    this.#submissions.close();
    this.#emptyRead.destroy();
    this.#emptyWritten.destroy();
    if (this.#isOwned) this.gpuDevice.destroy();
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  async #load(plan: Plan): Promise<WebgpuProgram> {
    const listing = listPlan(plan);
    // A page that cannot load the reference kernels is told so here.
    if (listing.segments.some(needsHost)) await this.#loadFallback();
    const compiled = listing.calls.map(({ call, signature }) =>
      this.#pipelines.get(call.kernel, call.constants, signature),
    );
    // All are waited for, so that a failure of one leaves no other unobserved.
    const settled = await Promise.allSettled(compiled);
    // A device that is being lost refuses pipelines a moment before it says so.
    if (settled.some(({ status }) => status === "rejected")) {
      await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    this.#check();
    const pipelines = settled.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
    const scopes = openScopes(this.gpuDevice);
    const memory = this.#programMemory(plan, listing);
    const program = new WebgpuProgram(this.gpuDevice, plan, listing, pipelines, memory);
    this.#programs.add(program);
    const failure = await scopes.pop();
    if (failure !== undefined) {
      this.#free(program);
      throw failure;
    }
    return program;
  }

  #programMemory(plan: Plan, { parameters }: Listing): WebgpuProgram["memory"] {
    const slots: WebgpuStorage[] = [];
    try {
      for (const bytes of plan.slots) slots.push(this.#pool.allocate(bytes));
    } catch (error) {
      for (const slot of slots) this.#pool.release(slot);
      throw error;
    }
    const rest = { slots, emptyRead: this.#emptyRead, emptyWritten: this.#emptyWritten };
    if (parameters.length === 0) return { ...rest, parameters: undefined };
    const usage = BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST;
    const buffer = this.gpuDevice.createBuffer({
      label: "gradgpu parameters",
      size: parameters.byteLength,
      usage,
    });
    this.gpuDevice.queue.writeBuffer(buffer, 0, parameters);
    return { ...rest, parameters: buffer };
  }

  #free(program: WebgpuProgram): void {
    if (program.isUnloaded) return;
    program.isUnloaded = true;
    this.#programs.delete(program);
    for (const slot of program.memory.slots) this.#pool.release(slot);
    program.memory.parameters?.destroy();
  }

  #write(storage: WebgpuStorage, byteOffset: number, data: HostArray): void {
    if (this.#pool.needsClear(storage, data.byteLength))
      this.#submissions.submitUnasked(this.#submissions.encoder());
    // The library's host arrays are never over a SharedArrayBuffer that the queue would refuse.
    this.gpuDevice.queue.writeBuffer(
      storage.buffer,
      byteOffset,
      data as GPUAllowSharedBufferSource,
    );
  }

  #runAtOnce(program: WebgpuProgram, bindings: readonly WebgpuStorage[]): void {
    program.bind(bindings);
    const encoder = this.#submissions.encoder();
    program.encode(encoder, program.segments, 0);
    program.counters.submits++;
    this.#submissions.submitUnasked(encoder);
  }

  #runAndRead(
    program: WebgpuProgram,
    bindings: readonly WebgpuStorage[],
    ranges: readonly BufferRange[],
  ): Promise<ArrayBuffer[]> {
    program.bind(bindings);
    const encoder = this.#submissions.encoder();
    program.encode(encoder, program.segments, 0);
    program.counters.submits++;
    return this.#submissions.submitAndRead(encoder, ranges);
  }

  /** Runs with visits of the host: before each of them everything so far is submitted and its operands are read. */
  async #runInParts(program: WebgpuProgram, bindings: readonly WebgpuStorage[]): Promise<void> {
    try {
      program.bind(bindings);
      await this.#runSegments(program, program.segments, 0);
    } catch (error) {
      // Told by the next promise: a run without reads has none of its own.
      this.#submissions.noteFailure(error);
    }
  }

  async #runSegments(
    program: WebgpuProgram,
    segments: readonly Segment[],
    step: number,
  ): Promise<void> {
    let direct: Segment[] = [];
    const submit = async () => {
      if (direct.length === 0) return;
      const encoder = this.#submissions.encoder();
      program.encode(encoder, direct, step);
      direct = [];
      program.counters.submits++;
      const failure = await this.#submissions.submit(encoder);
      if (failure !== undefined) throw failure;
    };
    for (const segment of segments) {
      if (!needsHost(segment)) {
        direct.push(segment);
        continue;
      }
      await submit();
      if (segment.kind === "fallback") await this.#runOnHost(program, segment.call);
      else if (segment.kind === "loop") {
        const { count, reverse, body } = segment;
        for (let i = 0; i < count; i++)
          await this.#runSegments(program, body, reverse ? count - 1 - i : i);
      }
    }
    await submit();
  }

  async #runOnHost(program: WebgpuProgram, call: FallbackCall): Promise<void> {
    const runFallback = await this.#loadFallback();
    const bounds = call.operands.map((operand, i) => boundOf(program.plan, operand, i));
    const isEmpty = bounds.map(({ source }) => source.kind === "empty");
    const ranges = bounds.map((bound, i): BufferRange => {
      const bytes = isEmpty[i] ? 0 : bound.bytes;
      return { buffer: program.bufferOf(bound), byteOffset: bound.byteOffset, bytes };
    });
    const values = await this.#submissions.submitAndRead(this.#submissions.encoder(), ranges);
    this.#check();
    for (const { operand, data } of runFallback(call, values)) {
      const range = ranges[operand];
      if (range === undefined || range.bytes === 0) continue;
      this.gpuDevice.queue.writeBuffer(
        range.buffer,
        range.byteOffset,
        data as GPUAllowSharedBufferSource,
      );
    }
  }

  /** What `task` gives, now or when its turn comes. */
  #later<T>(task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#calls.do(() => {
        try {
          task().then(resolve, reject);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** As `later`, for a task that later calls must wait for; what it returns is called when they may go on. */
  #laterAsync<T>(task: () => Promise<() => Promise<T>>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#calls.do(() =>
        task().then((last) => {
          last().then(resolve, reject);
        }, reject),
      );
    });
  }
}

function ownStorage(storage: Storage): WebgpuStorage {
  if (storage instanceof WebgpuStorage) return storage;
  throw new KernelError("webgpu: a storage must come from this device; got one of another device.");
}

function ownProgram(program: Program): WebgpuProgram {
  if (program instanceof WebgpuProgram) return program;
  throw new KernelError(
    "webgpu: a program must be loaded by this device; got one of another device.",
  );
}
