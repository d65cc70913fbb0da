/**
 * The webgpu device. Calls go straight to the GPU's queue, which keeps their order. Only a program with fallback steps
 * visits the host in the middle of a run; until it has ended, later calls wait in a CallQueue.
 */
import { isDebugBuild } from "../../debug.ts";
import { DeviceLostError, DisposedError, type GradgpuError } from "../../errors.ts";
import type { DeviceTraits, FallbackCall } from "../../scheduler/lowering.ts";
import type { Plan } from "../../scheduler/plan.ts";
import { BYTES_PER_ELEMENT, type HostArray } from "../../tensor/dtype.ts";
import type { Device, DeviceMemory, Program, ReadRequest, Storage } from "../device.ts";
import { OwnedResources } from "../shared/owned.ts";
import { checkBindings, checkRange } from "../shared/ranges.ts";
import { SharedTemporaries } from "../shared/temporaries.ts";
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
import { PictureCopy, pictureRowBytes } from "./picture.ts";
import { PipelineCache } from "./pipelines.ts";
import { profileProgram } from "./profile.ts";
import { type ProgramMemory, WebgpuProgram } from "./program.ts";
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
  /** More is read and written in pieces of so many bytes; 64 MiB where nothing is said. */
  readonly pieceBytes?: number;
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
  readonly #temporaries: SharedTemporaries<WebgpuStorage>;
  readonly #submissions: Submissions;
  readonly #calls: CallQueue;
  readonly #pending = new PendingPromises();
  readonly #storages = new OwnedResources(WebgpuStorage, "a storage");
  readonly #programs = new OwnedResources(WebgpuProgram, "a program");
  readonly #emptyRead: GPUBuffer;
  readonly #emptyWritten: GPUBuffer;
  #parameterBytes = 0;
  /** Of the plan whose growth was asked for last: it will be loaded next. */
  #listed: { readonly plan: Plan; readonly listing: Listing } | undefined;
  #ended: GradgpuError | undefined;
  #settleLost: (error: DeviceLostError) => void = () => {};

  constructor(gpuDevice: GPUDevice, options: WebgpuDeviceOptions) {
    this.gpuDevice = gpuDevice;
    this.traits = options.traits;
    this.description = options.description;
    this.#isOwned = options.isOwned;
    this.#loadFallback = options.loadFallback ?? importFallback;
    this.#pool = new BufferPool(gpuDevice, options.budgetBytes, (failure) =>
      this.#submissions.noteFailure(failure),
    );
    this.#temporaries = new SharedTemporaries({
      granularity: BYTES_PER_ELEMENT,
      allocate: (bytes) => this.#pool.allocate(bytes, false),
      // In turn: a run that visits the host may be using it.
      release: (storage) => this.#calls.do(() => this.#pool.release(storage)),
      resize: (storage, bytes) => this.#pool.resize(storage, bytes),
    });
    const empty = { label: "gradgpu empty", size: EMPTY_BUFFER_BYTES, usage: BUFFER_USAGE.STORAGE };
    this.#emptyRead = gpuDevice.createBuffer(empty);
    this.#emptyWritten = gpuDevice.createBuffer(empty);
    this.lost = new Promise((resolve) => {
      this.#settleLost = resolve;
    });
    this.#submissions = new Submissions(gpuDevice, this.#pool, this.lost, options);
    this.#calls = new CallQueue((error) => this.#submissions.noteFailure(error));
    this.#watchLoss();
  }

  allocate(bytes: number, isZeroed = true): WebgpuStorage {
    this.#check();
    return this.#storages.add(this.#pool.allocate(bytes, isZeroed));
  }

  release(storage: Storage): void {
    if (this.#ended !== undefined) return;
    const own = this.#storages.remove("release", storage);
    if (own !== undefined) this.#calls.do(() => this.#pool.release(own));
  }

  write(storage: Storage, byteOffset: number, data: HostArray): void {
    this.#check();
    const own = this.#use("write", storage, byteOffset, data.byteLength);
    if (data.byteLength === 0) return;
    const bytes = this.#calls.isBusy ? data.slice() : data;
    this.#calls.do(() => this.#write(own, byteOffset, bytes));
  }

  writePicture(storage: Storage, picture: object, width: number, height: number): void {
    this.#check();
    const { buffer } = this.#use("writePicture", storage, 0, height * pictureRowBytes(width));
    const copy = new PictureCopy(this.gpuDevice, picture, width, height);
    this.#calls.do(() => {
      this.#submissions.submitUnasked((encoder) => copy.encode(encoder, buffer));
      copy.destroy();
    });
  }

  copy(from: Storage, fromOffset: number, to: Storage, toOffset: number, bytes: number): void {
    this.#check();
    const source = this.#use("copy", from, fromOffset, bytes).buffer;
    const target = this.#use("copy", to, toOffset, bytes).buffer;
    if (bytes === 0) return;
    this.#calls.do(() =>
      this.#submissions.submitUnasked((encoder) =>
        encoder.copyBufferToBuffer(source, fromOffset, target, toOffset, bytes),
      ),
    );
  }

  read(storage: Storage, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    this.#check();
    const { buffer } = this.#use("read", storage, byteOffset, bytes);
    const ranges = [{ buffer, byteOffset, bytes }];
    const values = this.#submissions.needsPieces(ranges)
      ? this.#inPieces(async () => {}, ranges)
      : this.#later(() => this.#submissions.read(ranges));
    return this.#pending.track(values.then(([value]) => value ?? new ArrayBuffer(0)));
  }

  load(plan: Plan): Promise<WebgpuProgram> {
    this.#check();
    return this.#pending.track(this.#load(plan));
  }

  growth(plan: Plan): number {
    const { parameters } = this.#list(plan);
    return parameters.byteLength + this.#temporaries.growth(plan.slots);
  }

  unload(program: Program): void {
    if (this.#ended !== undefined) return;
    const own = this.#programs.remove("unload", program);
    if (own !== undefined) this.#calls.do(() => this.#free(own));
  }

  run(
    program: Program,
    bindings: readonly Storage[],
    reads: readonly ReadRequest[],
  ): Promise<ArrayBuffer>[] {
    this.#check();
    const own = this.#programs.get("run", program);
    const storages = bindings.map((storage) => this.#use("run", storage, 0, 0));
    checkBindings(own.plan, bindings);
    const ranges = reads.map(({ storage, byteOffset, bytes }): BufferRange => {
      const { buffer } = this.#use("run", storage, byteOffset, bytes);
      return { buffer, byteOffset, bytes };
    });
    const isDirect = !own.segments.some(needsHost);
    if (reads.length === 0) {
      this.#calls.do(() =>
        isDirect ? this.#runAtOnce(own, storages) : this.#runInParts(own, storages),
      );
      return [];
    }
    const values =
      isDirect && !this.#submissions.needsPieces(ranges)
        ? this.#later(() => this.#submissions.submitAndRead(this.#recorder(own, storages), ranges))
        : this.#inPieces(() => this.#runInParts(own, storages), ranges);
    return reads.map((_, i) =>
      this.#pending.track(values.then((list) => list[i] ?? new ArrayBuffer(0))),
    );
  }

  get clock(): "gpu" | "host" {
    return this.gpuDevice.features.has("timestamp-query") ? "gpu" : "host";
  }

  /** Every dispatch is a pass of its own here, and without timestamps a submission. A run asked for later waits. */
  profile(program: Program, bindings: readonly Storage[]): Promise<Float64Array> {
    this.#check();
    const own = this.#programs.get("profile", program);
    const storages = bindings.map((storage) => this.#use("profile", storage, 0, 0));
    checkBindings(own.plan, bindings);
    const times = this.#laterAsync(async () => {
      own.bind(storages, this.#temporaries);
      const values = await profileProgram(this.gpuDevice, own, {
        read: (record, range) => this.#submissions.submitAndRead(record, [range]),
        run: async (record) => {
          const failure = await this.#submissions.submit(record);
          if (failure !== undefined) throw failure;
          await this.gpuDevice.queue.onSubmittedWorkDone();
        },
        runOnHost: (call, step) => this.#runOnHost(own, call, step),
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

  memory(): DeviceMemory {
    const { bytes, buffers, freeBytes } = this.#pool.usage;
    const programBytes = this.#parameterBytes;
    const temporaryBytes = this.#temporaries.bytes;
    return { bytes: bytes + programBytes, buffers, temporaryBytes, programBytes, freeBytes };
  }

  async close(): Promise<void> {
    const closed =
      "webgpu: the device must be open; got a call after close(). Open a device again.";
    this.#end(new DisposedError(closed), new DeviceLostError(closed));
  }

  /** Held weakly, as it were, by a device of the caller's own, which may outlive many of these. */
  #watchLoss(): void {
    const watched: { device?: WebgpuDevice | undefined } = { device: this };
    void this.lost.then(() => {
      watched.device = undefined;
    });
    void this.gpuDevice.lost.then(({ message, reason }) => {
      const error = new DeviceLostError(
        `webgpu: the device must stay alive; got lost (${message === "" ? reason : `${reason}: ${message}`}). Open a device again, or use the cpu device.`,
      );
      const { device } = watched;
      if (device !== undefined) device.#end(error, error);
    });
  }

  /** Rejects everything that anyone waits for with `error`, and holds nothing any longer. */
  #end(error: GradgpuError, loss: DeviceLostError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#pending.rejectAll(error);
    this.#calls.clear();
    for (const { memory } of this.#programs.clear()) memory.parameters?.destroy();
    this.#parameterBytes = 0;
    this.#storages.clear();
    this.#temporaries.clear();
    this.#pool.close();
    this.#submissions.close();
    this.#emptyRead.destroy();
    this.#emptyWritten.destroy();
    this.#listed = undefined;
    if (this.#isOwned) {
      this.gpuDevice.destroy();
      PipelineCache.forget(this.gpuDevice);
    }
    this.#settleLost(loss);
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** A storage that may be used, of which these bytes are. */
  #use(call: string, storage: Storage, byteOffset: number, bytes: number): WebgpuStorage {
    const own = this.#storages.get(call, storage);
    if (own.failure !== undefined) throw this.#submissions.told(own.failure);
    checkRange(call, own, byteOffset, bytes);
    return own;
  }

  #list(plan: Plan): Listing {
    if (this.#listed?.plan !== plan) this.#listed = { plan, listing: listPlan(plan) };
    return this.#listed.listing;
  }

  async #load(plan: Plan): Promise<WebgpuProgram> {
    const listing = this.#list(plan);
    this.#listed = undefined;
    // A page that cannot load the reference kernels is told so here.
    if (listing.segments.some(needsHost)) await this.#loadFallback();
    const pipelineCache = PipelineCache.of(this.gpuDevice);
    const compiled = listing.calls.map(({ call, signature }) =>
      pipelineCache.get(call.kernel, call.constants, signature),
    );
    // All are waited for, so that a failure of one leaves no other unobserved.
    const settled = await Promise.allSettled(compiled);
    this.#check();
    const pipelines = settled.map((result) => {
      if (result.status === "rejected") throw result.reason;
      return result.value;
    });
    const memory = await this.#programMemory(plan, listing);
    const program = new WebgpuProgram(this.gpuDevice, plan, listing, pipelines, memory);
    return this.#programs.add(program);
  }

  /** What a program needs, once the GPU has said that it has memory for it. */
  async #programMemory(plan: Plan, { parameters: words }: Listing): Promise<ProgramMemory> {
    const temporaries = this.#temporaries.claim(plan.slots);
    const claimed = [...temporaries.claimed.values()];
    const scopes = openScopes(this.gpuDevice);
    const parameters = words.length === 0 ? undefined : this.#parameterBuffer(words);
    const failure = await scopes.pop();
    for (const storage of claimed) await this.#pool.confirmed(storage);
    const shortage = claimed.find((storage) => storage.failure)?.failure ?? failure;
    const reason = this.#ended ?? (shortage && this.#submissions.told(shortage));
    if (reason !== undefined) {
      parameters?.destroy();
      this.#temporaries.leave(temporaries);
      throw reason;
    }
    // NaN, so that a kernel which counts on zeros is found out.
    if (isDebugBuild) for (const storage of claimed) this.#write(storage, 0, notZeros(storage));
    this.#temporaries.enter(temporaries);
    this.#parameterBytes += words.byteLength;
    return {
      temporaries,
      parameters,
      emptyRead: this.#emptyRead,
      emptyWritten: this.#emptyWritten,
    };
  }

  #parameterBuffer(words: Uint32Array<ArrayBuffer>): GPUBuffer {
    const usage = BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST;
    const size = words.byteLength;
    const buffer = this.gpuDevice.createBuffer({ label: "gradgpu parameters", size, usage });
    this.gpuDevice.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }

  #free({ memory: { temporaries, parameters } }: WebgpuProgram): void {
    this.#temporaries.leave(temporaries);
    if (parameters === undefined) return;
    this.#parameterBytes -= parameters.size;
    parameters.destroy();
  }

  #write(storage: WebgpuStorage, byteOffset: number, data: HostArray): void {
    if (this.#pool.needsClear(storage, data.byteLength)) this.#submissions.submitUnasked(() => {});
    this.#submissions.write(storage.buffer, byteOffset, data);
  }

  /** What a run encodes that needs no visit of the host. */
  #recorder(program: WebgpuProgram, bindings: readonly WebgpuStorage[]) {
    return (encoder: GPUCommandEncoder) => {
      program.bind(bindings, this.#temporaries);
      program.encode(encoder, program.segments, 0);
      program.counters.submits++;
    };
  }

  #runAtOnce(program: WebgpuProgram, bindings: readonly WebgpuStorage[]): void {
    this.#submissions.submitUnasked(this.#recorder(program, bindings));
  }

  /** Does `work`, then reads; later calls wait, so that they change nothing before it is read. */
  #inPieces(work: () => Promise<void>, ranges: readonly BufferRange[]): Promise<ArrayBuffer[]> {
    return this.#laterAsync(async () => {
      await work();
      // What goes in one submission is there before later calls take effect.
      if (!this.#submissions.needsPieces(ranges)) return () => this.#submissions.read(ranges);
      const values = await this.#submissions.read(ranges);
      return async () => values;
    });
  }

  /** Runs with visits of the host: before each of them everything so far is submitted and its operands are read. */
  async #runInParts(program: WebgpuProgram, bindings: readonly WebgpuStorage[]): Promise<void> {
    try {
      program.bind(bindings, this.#temporaries);
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
      const encoded = direct;
      direct = [];
      program.counters.submits++;
      const failure = await this.#submissions.submit((encoder) =>
        program.encode(encoder, encoded, step),
      );
      if (failure !== undefined) throw failure;
    };
    for (const segment of segments) {
      if (!needsHost(segment)) {
        direct.push(segment);
        continue;
      }
      await submit();
      if (segment.kind === "fallback") await this.#runOnHost(program, segment.call, step);
      else if (segment.kind === "loop") {
        const { count, reverse, body } = segment;
        for (let i = 0; i < count; i++)
          await this.#runSegments(program, body, reverse ? count - 1 - i : i);
      }
    }
    await submit();
  }

  /** `step`: of the loop around. */
  async #runOnHost(program: WebgpuProgram, call: FallbackCall, step: number): Promise<void> {
    const runFallback = await this.#loadFallback();
    const bounds = call.operands.map((operand, i) => boundOf(program.plan, operand, i));
    const isEmpty = bounds.map(({ source }) => source.kind === "empty");
    const ranges = bounds.map((bound, i): BufferRange => {
      const bytes = isEmpty[i] ? 0 : bound.bytes;
      const byteOffset = bound.byteOffset + step * bound.bytesPerStep;
      return { buffer: program.bufferOf(bound), byteOffset, bytes };
    });
    const values = await this.#submissions.read(ranges);
    this.#check();
    for (const { operand, data } of runFallback(call, values)) {
      const range = ranges[operand];
      if (range === undefined || range.bytes === 0) continue;
      this.#submissions.write(range.buffer, range.byteOffset, data);
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

function notZeros({ bytes }: WebgpuStorage): HostArray {
  return new Uint32Array(bytes / BYTES_PER_ELEMENT).fill(0xffffffff);
}
