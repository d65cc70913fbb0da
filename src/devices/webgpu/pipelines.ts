import { KernelError } from "../../errors.ts";
import { SHADER_STAGE_COMPUTE } from "./flags.ts";
import { shaders } from "./generated/shaders.ts";
import { reachable } from "./reachable.ts";
import { type Constants, specialise } from "./specialise.ts";

/** How the bindings of a kernel are used: what its layout depends on, apart from the code. */
export interface Signature {
  /** For each storage binding whether the dispatch writes it, or has to declare it so (see shaders/README.md). */
  readonly isWritten: readonly boolean[];
  /** Bytes of the parameters, a multiple of 16; 0 without parameters. */
  readonly parameterBytes: number;
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const caches = new WeakMap<GPUDevice, PipelineCache>();

/** Compiled kernels by shader, constants and signature. A GPUDevice has one: plans share it, and whoever opens it again. */
export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<Pipeline>>();
  readonly #layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();

  private constructor(device: GPUDevice) {
    this.#device = device;
  }

  static of(device: GPUDevice): PipelineCache {
    const cache = caches.get(device) ?? new PipelineCache(device);
    caches.set(device, cache);
    return cache;
  }

  /** Compiled kernels are the largest objects on the host: those of a device that has been destroyed are let go. */
  static forget(device: GPUDevice): void {
    caches.delete(device);
  }

  /** Compiles asynchronously: ask for all pipelines of a plan before waiting for any. @throws KernelError */
  get(kernel: string, constants: Constants, signature: Signature): Promise<Pipeline> {
    const key = JSON.stringify([kernel, Object.entries(constants).sort(), signature]);
    const cached = this.#pipelines.get(key);
    if (cached !== undefined) return cached;
    const made = this.#compile(kernel, constants, signature);
    this.#pipelines.set(key, made);
    // A failure may be the driver's mood (a lost device, memory): the next plan may try again.
    made.catch(() => this.#pipelines.delete(key));
    return made;
  }

  async #compile(kernel: string, constants: Constants, signature: Signature): Promise<Pipeline> {
    const code = wgslOf(kernel, constants, signature.isWritten);
    const label = `${kernel} ${JSON.stringify(constants)}`;
    const layout = this.#layout(signature);
    // The module's own errors are reported with the pipeline; without a scope they would be uncaptured.
    this.#device.pushErrorScope("validation");
    const module = this.#device.createShaderModule({ label, code });
    const moduleError = this.#device.popErrorScope();
    try {
      const pipeline = await this.#device.createComputePipelineAsync({
        label,
        layout: layout.pipeline,
        compute: { module, entryPoint: "main" },
      });
      await moduleError;
      return { pipeline, layout: layout.group };
    } catch (error) {
      await moduleError.catch(() => null);
      throw await compileError(label, code, module, error);
    }
  }

  #layout(signature: Signature): { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    const key = JSON.stringify(signature);
    const cached = this.#layouts.get(key);
    if (cached !== undefined) return cached;
    const entries: GPUBindGroupLayoutEntry[] = signature.isWritten.map((isWritten, binding) => ({
      binding,
      visibility: SHADER_STAGE_COMPUTE,
      buffer: { type: isWritten ? "storage" : "read-only-storage" },
    }));
    if (signature.parameterBytes > 0) {
      entries.push({
        binding: entries.length,
        visibility: SHADER_STAGE_COMPUTE,
        buffer: {
          type: "uniform",
          hasDynamicOffset: true,
          minBindingSize: signature.parameterBytes,
        },
      });
    }
    const group = this.#device.createBindGroupLayout({ label: key, entries });
    const pipeline = this.#device.createPipelineLayout({ label: key, bindGroupLayouts: [group] });
    const made = { group, pipeline };
    this.#layouts.set(key, made);
    return made;
  }
}

/** The WGSL that a call runs: specialised, what it reaches, and with `read` widened where the call needs it. @throws KernelError */
export function wgslOf(
  kernel: string,
  constants: Constants,
  isWritten: readonly boolean[],
): string {
  const source = Object.hasOwn(shaders, kernel)
    ? shaders[kernel as keyof typeof shaders]
    : undefined;
  if (source === undefined) {
    throw new KernelError(
      `webgpu: the kernel of a call must be a file in shaders/; got "${kernel}". Run npm run generate.`,
    );
  }
  const code = reachable(specialise(source, constants, kernel, shaders));
  return code.replace(
    /@binding\((\d+)\)(\s*)var<storage, read>/g,
    (whole, binding: string, space: string) =>
      isWritten[Number(binding)] === true
        ? `@binding(${binding})${space}var<storage, read_write>`
        : whole,
  );
}

/** What the compiler says, with the line it is about. */
async function compileError(
  label: string,
  code: string,
  module: GPUShaderModule,
  error: unknown,
): Promise<KernelError> {
  const lines = code.split("\n");
  const info = await module.getCompilationInfo().catch(() => undefined);
  const messages = (info?.messages ?? [])
    .filter(({ type }) => type === "error")
    .map(
      ({ lineNum, message }) => `line ${lineNum}: ${message}; got "${lines[lineNum - 1] ?? ""}"`,
    );
  const reason = error instanceof Error ? error.message : String(error);
  return new KernelError(
    `${label}: the device must accept the kernel; got ${messages.length > 0 ? messages.join("; ") : reason}. Please report this with the name of the adapter.`,
  );
}
