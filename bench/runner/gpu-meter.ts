/**
 * Counts what an engine does to a GPU, whoever wrote it: dispatches, submits, bytes of buffers, and, where the device
 * can, the time that its compute passes take on the GPU itself. WebGPU's own methods are wrapped, so the engines need
 * no hook. Timing is done with counting off: a wrapped method then costs one check.
 */

export interface GpuCounts {
  readonly dispatches: number;
  readonly submits: number;
  /** The sum over compute passes, from the GPU's own clock; undefined where the device lacks timestamp-query. */
  readonly kernelMs: number | undefined;
}

interface State {
  isCounting: boolean;
  dispatches: number;
  submits: number;
  /** Of buffers that were created and not destroyed. Those left to the garbage collector still count. */
  liveBytes: number;
  peakBytes: number;
  device: GPUDevice | undefined;
  queries: { readonly set: GPUQuerySet; used: number } | undefined;
}

const MAX_PASSES = 2048;
const BYTES_PER_QUERY = 8;
const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const MAP_READ = 0x1;

/** Replaces a method by one that is told of the call and may change it. */
function wrap<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  make: (original: T[K]) => T[K],
): void {
  prototype[name] = make(prototype[name]);
}

type Prototypes = {
  readonly [K in
    | "GPUAdapter"
    | "GPUDevice"
    | "GPUQueue"
    | "GPUBuffer"
    | "GPUCommandEncoder"
    | "GPUComputePassEncoder"]: { readonly prototype: object };
};

export class GpuMeter {
  readonly #state: State = {
    isCounting: false,
    dispatches: 0,
    submits: 0,
    liveBytes: 0,
    peakBytes: 0,
    device: undefined,
    queries: undefined,
  };

  /** Wraps the classes of `host`, the page's globals or Dawn's. Once, before anything opens a device. */
  constructor(host: Partial<Prototypes>) {
    // biome-ignore format: one line a class; the casts are those of the platform's own types
    if (
      host.GPUAdapter === undefined || host.GPUDevice === undefined || host.GPUQueue === undefined ||
      host.GPUBuffer === undefined || host.GPUCommandEncoder === undefined || host.GPUComputePassEncoder === undefined
    ) return;
    wrapAdapter(host.GPUAdapter.prototype as GPUAdapter, this.#state);
    wrapDevice(host.GPUDevice.prototype as GPUDevice, this.#state);
    wrapBuffer(host.GPUBuffer.prototype as GPUBuffer, this.#state);
    wrapQueue(host.GPUQueue.prototype as GPUQueue, this.#state);
    wrapEncoder(host.GPUCommandEncoder.prototype as GPUCommandEncoder, this.#state);
    wrapPass(host.GPUComputePassEncoder.prototype as GPUComputePassEncoder, this.#state);
  }

  get peakBytes(): number {
    return this.#state.peakBytes;
  }

  /** The peak from now on. */
  forgetPeak(): void {
    this.#state.peakBytes = this.#state.liveBytes;
  }

  /** What `work` does. It must have ended on the GPU when its promise settles. */
  async count(work: () => Promise<void>): Promise<GpuCounts> {
    const state = this.#state;
    const { device } = state;
    const canTime = device?.features.has("timestamp-query") ?? false;
    if (device !== undefined && canTime) {
      const set = device.createQuerySet({ type: "timestamp", count: 2 * MAX_PASSES });
      state.queries = { set, used: 0 };
    }
    state.dispatches = 0;
    state.submits = 0;
    state.isCounting = true;
    try {
      await work();
    } finally {
      state.isCounting = false;
    }
    const { dispatches, submits, queries } = state;
    state.queries = undefined;
    const kernelMs =
      device === undefined || queries === undefined ? undefined : await elapsed(device, queries);
    return { dispatches, submits, kernelMs };
  }
}

function wrapAdapter(prototype: GPUAdapter, state: State): void {
  wrap(
    prototype,
    "requestDevice",
    (original) =>
      async function (this: GPUAdapter, descriptor) {
        const features = new Set(descriptor?.requiredFeatures);
        // The peers do not ask for it; without it their kernels have no times of their own.
        if (this.features.has("timestamp-query")) features.add("timestamp-query");
        const device = await original.call(this, {
          ...descriptor,
          requiredFeatures: [...features],
        });
        state.device = device;
        return device;
      },
  );
}

function wrapDevice(prototype: GPUDevice, state: State): void {
  wrap(
    prototype,
    "createBuffer",
    (original) =>
      function (this: GPUDevice, descriptor) {
        state.liveBytes += descriptor.size;
        state.peakBytes = Math.max(state.peakBytes, state.liveBytes);
        return original.call(this, descriptor);
      },
  );
}

function wrapBuffer(prototype: GPUBuffer, state: State): void {
  const destroyed = new WeakSet<GPUBuffer>();
  wrap(
    prototype,
    "destroy",
    (original) =>
      function (this: GPUBuffer) {
        if (!destroyed.has(this)) state.liveBytes -= this.size;
        destroyed.add(this);
        return original.call(this);
      },
  );
}

function wrapQueue(prototype: GPUQueue, state: State): void {
  wrap(
    prototype,
    "submit",
    (original) =>
      function (this: GPUQueue, buffers) {
        if (state.isCounting) state.submits++;
        return original.call(this, buffers);
      },
  );
}

function wrapEncoder(prototype: GPUCommandEncoder, state: State): void {
  wrap(
    prototype,
    "beginComputePass",
    (original) =>
      function (this: GPUCommandEncoder, descriptor) {
        const { queries } = state;
        if (
          !state.isCounting ||
          queries === undefined ||
          descriptor?.timestampWrites !== undefined
        ) {
          return original.call(this, descriptor);
        }
        if (queries.used >= MAX_PASSES) return original.call(this, descriptor);
        const at = 2 * queries.used++;
        const timestampWrites = {
          querySet: queries.set,
          beginningOfPassWriteIndex: at,
          endOfPassWriteIndex: at + 1,
        };
        return original.call(this, { ...descriptor, timestampWrites });
      },
  );
}

function wrapPass(prototype: GPUComputePassEncoder, state: State): void {
  wrap(
    prototype,
    "dispatchWorkgroups",
    (original) =>
      function (this: GPUComputePassEncoder, ...grid) {
        if (state.isCounting) state.dispatches++;
        return original.apply(this, grid);
      },
  );
}

/** Milliseconds between the two stamps of every pass, added up; undefined where there were none or too many. */
async function elapsed(
  device: GPUDevice,
  { set, used }: { readonly set: GPUQuerySet; readonly used: number },
): Promise<number | undefined> {
  if (used === 0 || used >= MAX_PASSES) {
    set.destroy();
    return undefined;
  }
  const size = 2 * used * BYTES_PER_QUERY;
  const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
  const readable = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(set, 0, 2 * used, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  await readable.mapAsync(MAP_READ);
  const stamps = new BigUint64Array(readable.getMappedRange());
  let nanoseconds = 0n;
  for (let pass = 0; pass < used; pass++) {
    nanoseconds += (stamps[2 * pass + 1] ?? 0n) - (stamps[2 * pass] ?? 0n);
  }
  for (const buffer of [resolved, readable]) buffer.destroy();
  set.destroy();
  return Number(nanoseconds) / 1e6;
}
