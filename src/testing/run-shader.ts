import { check, checkOptions, list, record, required, rule, text } from "../arguments.ts";
import { CheckFailedError } from "./check-failed.ts";
import type { Gpu } from "./node-adapter.ts";

/** A compute shader, and what it is run on. */
export interface ShaderRun {
  /** WGSL. */
  readonly code: string;
  /** Default: the only one there is. */
  readonly entryPoint?: string;
  /** The elements of `@group(0) @binding(0)`, `@binding(1)` and so on: storage or uniform buffers, as the shader says. */
  readonly bindings: readonly ShaderData[];
  /** Workgroups along x, y and z; a number is along x. */
  readonly workgroups: number | readonly number[];
  /** Values of the shader's `override` constants. */
  readonly constants?: Readonly<Record<string, number>>;
}

/** A binding's elements: f32, i32 or u32. */
export type ShaderData = Float32Array | Int32Array | Uint32Array;

/** Numbers, because Node has no GPUBufferUsage. */
const STORAGE = 0x80;
const UNIFORM = 0x40;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const MAP_READ = 0x1;
const READ = 1;

const grid = rule(
  "a number of workgroups, or up to three",
  (value) =>
    [value].flat().length <= 3 &&
    [value].flat().every((n) => Number.isInteger(n) && Number(n) >= 0),
);

/**
 * Runs a hand-written compute shader once: what its bindings hold afterwards, in their order and of their kinds. For tests;
 * everything is made for the call and given back after it.
 * @throws CheckFailedError where the shader does not compile, with the lines, or the GPU refuses the dispatch; ArgumentError
 */
export async function runShader<const B extends readonly ShaderData[]>(
  device: Gpu,
  run: Omit<ShaderRun, "bindings"> & { readonly bindings: B },
): Promise<{ -readonly [K in keyof B]: B[K] }> {
  checkOptions("runShader", run, {
    code: required(text),
    entryPoint: text,
    bindings: required(list),
    workgroups: required(grid),
    constants: record,
  });
  check("runShader", "the device", device, isDevice, "Get one: adapter.requestDevice().");
  const gpu: GPUDevice = device;
  const { code, entryPoint, bindings, workgroups, constants } = run;
  gpu.pushErrorScope("validation");
  let isWatched = true;
  const made: GPUBuffer[] = [];
  const buffer = (size: number, usage: number) => {
    const one = gpu.createBuffer({ size, usage });
    made.push(one);
    return one;
  };
  try {
    const module = gpu.createShaderModule({ code });
    await checkCompiles(module, code);
    const pipeline = gpu.createComputePipeline({
      layout: "auto",
      compute: {
        module,
        ...(entryPoint !== undefined && { entryPoint }),
        ...(constants !== undefined && { constants: { ...constants } }),
      },
    });
    const buffers = bindings.map((data) => {
      const one = buffer(data.byteLength, STORAGE | UNIFORM | COPY_SRC | COPY_DST);
      gpu.queue.writeBuffer(one, 0, Uint8Array.from(bytesOf(data)));
      return one;
    });
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(
      0,
      gpu.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: buffers.map((one, binding) => ({ binding, resource: { buffer: one } })),
      }),
    );
    const [x = 1, y = 1, z = 1] = [workgroups].flat();
    pass.dispatchWorkgroups(x, y, z);
    pass.end();
    const readbacks = buffers.map((one) => {
      const readback = buffer(one.size, MAP_READ | COPY_DST);
      encoder.copyBufferToBuffer(one, 0, readback, 0, one.size);
      return readback;
    });
    gpu.queue.submit([encoder.finish()]);
    isWatched = false;
    const fault = await gpu.popErrorScope();
    if (fault !== null) {
      throw new CheckFailedError(
        `runShader: the GPU must take the dispatch; got "${fault.message.trim()}". Compare the bindings with those that the shader declares and uses.`,
      );
    }
    const results = bindings.map(async (data, i) => {
      await readbacks[i]?.mapAsync(READ);
      const bytes = readbacks[i]?.getMappedRange().slice(0) ?? new ArrayBuffer(0);
      return new (data.constructor as new (bytes: ArrayBuffer) => ShaderData)(bytes);
    });
    // Each of the kind that was given.
    return (await Promise.all(results)) as { -readonly [K in keyof B]: B[K] };
  } finally {
    if (isWatched) await gpu.popErrorScope();
    for (const one of made) one.destroy();
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ShaderData) =>
  new Uint8Array(buffer, byteOffset, byteLength);

const isDevice = rule(
  "a GPUDevice",
  (value) => typeof value === "object" && value !== null && "createShaderModule" in value,
);

async function checkCompiles(module: GPUShaderModule, code: string): Promise<void> {
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter(({ type }) => type === "error");
  if (errors.length === 0) return;
  const lines = code.split("\n");
  const shown = errors.map(
    ({ lineNum, linePos, message }) =>
      `  ${lineNum}:${linePos}  ${message}\n    ${(lines[lineNum - 1] ?? "").trim()}`,
  );
  throw new CheckFailedError(
    `runShader: the shader must compile; got ${errors.length} errors. Correct the lines.\n\n${shown.join("\n")}`,
  );
}
