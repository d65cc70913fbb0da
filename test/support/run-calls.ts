/**
 * Runs KernelCalls on a GPU without device or plan, so that a test can force a kernel or a tile that the device
 * would not choose here. Every region is a buffer of its own.
 */
import { wgslOf } from "../../src/devices/webgpu/pipelines.ts";
import type { KernelCall, Region } from "../../src/scheduler/lowering.ts";
import type { Shape, TensorType } from "../../src/tensor/shape.ts";
import { sizeOf } from "../../src/tensor/shape.ts";

// GPUBufferUsage and GPUMapMode, which Node has no globals for.
const STORAGE = 0x80 | 0x8 | 0x4;
const UNIFORM = 0x40 | 0x8;
const STAGING = 0x1 | 0x8;
const MAP_READ = 1;

export class Bench {
  readonly device: GPUDevice;
  /** Kernels with their constants that were run, for tests that count variants. */
  readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #buffers: GPUBuffer[] = [];

  /** Dawn frees its instance with the adapter: it is kept as long as the device. */
  readonly owner: unknown;

  constructor(device: GPUDevice, owner: unknown) {
    this.device = device;
    this.owner = owner;
  }

  /** Forgets all regions. */
  clear(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
  }

  /** A region that holds `data`; every element is 1e9 where there is none, so that what is not written shows. */
  region(shape: Shape, data?: ArrayLike<number>, dtype: TensorType["dtype"] = "f32"): Region {
    const length = sizeOf(shape);
    const isFloat = dtype === "f32";
    const values = isFloat ? new Float32Array(length) : new Int32Array(length);
    if (data === undefined) values.fill(1e9);
    else values.set(data);
    const buffer = this.device.createBuffer({ size: Math.max(4, length * 4), usage: STORAGE });
    if (length > 0) this.device.queue.writeBuffer(buffer, 0, values);
    const index = this.#buffers.push(buffer) - 1;
    return { buffer: index, offset: 0, type: { dtype, shape } };
  }

  scratch = (type: TensorType): Region => this.region(type.shape, undefined, type.dtype);

  async run(calls: readonly KernelCall[]): Promise<void> {
    const pipelines = await Promise.all(calls.map((call) => this.#pipeline(call)));
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    calls.forEach((call, i) => {
      const pipeline = pipelines[i];
      if (pipeline === undefined) return;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, this.#bindGroup(pipeline, call));
      pass.dispatchWorkgroups(...call.grid);
    });
    pass.end();
    this.device.pushErrorScope("validation");
    this.device.queue.submit([encoder.finish()]);
    const error = await this.device.popErrorScope();
    if (error !== null) throw new Error(error.message);
  }

  async read(region: Region): Promise<Float32Array | Int32Array> {
    const bytes = sizeOf(region.type.shape) * 4;
    const staging = this.device.createBuffer({ size: Math.max(4, bytes), usage: STAGING });
    const encoder = this.device.createCommandEncoder();
    const from = region.offset * 4;
    if (bytes > 0) encoder.copyBufferToBuffer(this.#buffer(region), from, staging, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.destroy();
    return region.type.dtype === "f32" ? new Float32Array(copy) : new Int32Array(copy);
  }

  #buffer({ buffer }: Region): GPUBuffer {
    const found = this.#buffers[buffer];
    if (found === undefined) throw new Error(`no buffer ${buffer}`);
    return found;
  }

  #bindGroup(pipeline: GPUComputePipeline, { operands, words }: KernelCall): GPUBindGroup {
    const params = new Uint32Array(Math.ceil(words.length / 4) * 4);
    params.set(words);
    const uniform = this.device.createBuffer({ size: params.byteLength, usage: UNIFORM });
    this.device.queue.writeBuffer(uniform, 0, params);
    const bound = operands.map(({ region }) => ({
      buffer: this.#buffer(region),
      offset: region.offset * 4,
    }));
    return this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [...bound, { buffer: uniform }].map((resource, binding) => ({ binding, resource })),
    });
  }

  #pipeline({ kernel, constants }: KernelCall): Promise<GPUComputePipeline> {
    const key = `${kernel} ${JSON.stringify(constants)}`;
    const cached = this.pipelines.get(key);
    if (cached !== undefined) return cached;
    const made = this.#compile(key, kernel, constants);
    this.pipelines.set(key, made);
    return made;
  }

  async #compile(
    label: string,
    kernel: string,
    constants: KernelCall["constants"],
  ): Promise<GPUComputePipeline> {
    const code = wgslOf(kernel, constants, []);
    const module = this.device.createShaderModule({ label, code });
    const { messages } = await module.getCompilationInfo();
    const lines = code.split("\n");
    const problems = messages.map((m) => `${m.lineNum}: ${m.message} in "${lines[m.lineNum - 1]}"`);
    if (messages.some(({ type }) => type === "error")) {
      throw new Error(`${label}\n${problems.join("\n")}`);
    }
    return this.device.createComputePipelineAsync({
      label,
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
  }
}
