/** The GPU's limits as WebGPU sees them: two kernels that nothing could make shorter. */

import { describeAdapter, isSoftware } from "../../src/devices/webgpu/adapter-info.ts";
import { numberOf } from "../cases/inputs.ts";
import { checksum, floats } from "../cases/random.ts";
import type { BenchCase, Cannot, Engine, EngineInfo, Prepared } from "../contract.ts";

/** Invocations and rounds of one run; a software adapter gets a small share of them. */
const INVOCATIONS = 2 ** 18;
const ROUNDS = 512;
const SOFTWARE_SHARE = 1 / 256;
const WORKGROUP = 256;
/** Eight accumulators of four floats, one multiply-add each a round. */
const FLOPS_PER_ROUND = 8 * 4 * 2;

const FMA = `
@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(1) var<uniform> rounds: vec4u;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(0.999);
  let term = vec4f(f32(id.x) * 1e-9);
  var a = vec4f(1.0); var b = vec4f(1.1); var c = vec4f(1.2); var d = vec4f(1.3);
  var e = vec4f(1.4); var f = vec4f(1.5); var g = vec4f(1.6); var h = vec4f(1.7);
  for (var i = 0u; i < rounds.x; i++) {
    a = fma(a, factor, term); b = fma(b, factor, term); c = fma(c, factor, term); d = fma(d, factor, term);
    e = fma(e, factor, term); f = fma(f, factor, term); g = fma(g, factor, term); h = fma(h, factor, term);
  }
  out[id.x] = a + b + c + d + e + f + g + h;
}`;

const COPY = `
@group(0) @binding(0) var<storage, read> src: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dst: array<vec4f>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&src); i += groups.x * ${WORKGROUP}u) { dst[i] = src[i]; }
}`;

const STORAGE = 0x80;
const UNIFORM = 0x40;
const COPY_DST = 0x8;

export class WebgpuLimits implements Engine {
  #device: GPUDevice | undefined;
  /** Dawn frees a GPU that nobody refers to, with all its devices. */
  #gpus: readonly (GPU | undefined)[] = [];
  #isSoftware = false;

  async open(): Promise<EngineInfo> {
    this.#gpus = await platformGpus();
    const adapter = await firstAdapter(this.#gpus);
    this.#isSoftware = isSoftware(adapter.info);
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    this.#device = await adapter.requestDevice({
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    });
    return {
      engine: "limit-webgpu",
      device: "webgpu",
      backend: "webgpu",
      adapter: describeAdapter(adapter.info, false),
      isFallbackAdapter: this.#isSoftware,
      version: "1",
    };
  }

  async prepare(benchCase: BenchCase): Promise<Prepared | Cannot> {
    const device = this.#device;
    if (device === undefined) throw new Error("limit-webgpu: open() comes before prepare().");
    if (benchCase.kind === "fma") return this.#fma(device);
    if (benchCase.kind === "copy") return copy(device, numberOf(benchCase, "elements"));
    return { cannot: "limit-webgpu runs fma and copy alone" };
  }

  #fma(device: GPUDevice): Promise<Prepared> {
    const invocations = this.#isSoftware ? INVOCATIONS * SOFTWARE_SHARE : INVOCATIONS;
    const out = device.createBuffer({ size: 16 * invocations, usage: STORAGE });
    const rounds = device.createBuffer({ size: 16, usage: UNIFORM | COPY_DST });
    device.queue.writeBuffer(rounds, 0, Uint32Array.of(ROUNDS, 0, 0, 0));
    const flops = invocations * ROUNDS * FLOPS_PER_ROUND;
    return kernel(
      device,
      FMA,
      [out, rounds],
      invocations / WORKGROUP,
      async () => [1, 1, 1],
      flops,
    );
  }

  async close(): Promise<void> {
    this.#device?.destroy();
    this.#device = undefined;
  }
}

/** The one that ours takes: hardware if there is any. In Node Dawn is opened by our own device's means. */
async function platformGpus(): Promise<readonly (GPU | undefined)[]> {
  if (globalThis.navigator !== undefined && "gpu" in navigator) return [navigator.gpu];
  const { openNodeGpu } = await import("../../src/devices/webgpu/node.ts");
  return [await openNodeGpu(), await openNodeGpu({ software: true })];
}

async function firstAdapter(gpus: readonly (GPU | undefined)[]): Promise<GPUAdapter> {
  for (const gpu of gpus) {
    const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (adapter !== null && adapter !== undefined) return adapter;
  }
  throw new Error("limit-webgpu: there is no adapter.");
}

function copy(device: GPUDevice, elements: number): Promise<Prepared> {
  const size = 4 * elements;
  const from = device.createBuffer({ size, usage: STORAGE | COPY_DST });
  const to = device.createBuffer({ size, usage: STORAGE });
  device.queue.writeBuffer(from, 0, Float32Array.from(floats(1, elements)));
  const groups = Math.min(65535, elements / 4 / WORKGROUP);
  return kernel(device, COPY, [from, to], groups, async () => checksum(floats(1, elements)));
}

async function kernel(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
  groups: number,
  result: () => Promise<number[]>,
  flops?: number,
): Promise<Prepared> {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module, entryPoint: "main" },
  });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const runMany = async (times: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(Math.max(1, Math.floor(groups)));
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  return {
    run: () => runMany(1),
    runMany,
    result,
    ...(flops === undefined ? {} : { flops }),
    dispose: async () => {
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
