/** What a caller may hand to `init` as its device. Declarations of their own: nobody needs WebGPU's types for them. */
import { rule } from "../arguments.ts";
import type { Device } from "./device.ts";

/** A GPUDevice, by the parts of it that tell it from anything else. */
export interface GpuDevice {
  /** As WebGPU has it. */
  readonly features: object;
  /** As WebGPU has it. */
  readonly limits: object;
  /** As WebGPU has it. */
  readonly queue: object;
  /** As WebGPU has it. */
  readonly lost: Promise<unknown>;
  /** As WebGPU has it. */
  createBuffer(descriptor: never): object;
  /** As WebGPU has it. */
  createComputePipelineAsync(descriptor: never): Promise<object>;
  /** As WebGPU has it. */
  destroy(): void;
}

/** `navigator.gpu`, or what npm `webgpu` makes in Node. */
export interface GpuSource {
  /** As WebGPU has it. */
  requestAdapter(options?: never): Promise<object | null>;
}

/** The address of gradgpu/cpu-worker.js where the page serves it: text, a URL, or a TrustedScriptURL. */
export type WorkerUrl = string | { toJSON(): string };

/** What the cpu device takes of the options of `init`. */
export interface CpuOpenerOptions {
  /** Workers that compute; as many as the machine has cores, at most 8, where nothing is said. */
  readonly threads?: number;
  /** Where the worker's script is served, for pages whose policy refuses workers from blob: addresses. */
  readonly workerUrl?: WorkerUrl;
}

/** Far more than any run is divided among: the default is 8 at most. */
const MOST_THREADS = 64;

export const CPU_RULES = {
  threads: rule(
    `a whole number from 1 to ${MOST_THREADS}`,
    (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_THREADS,
  ),
  workerUrl: rule(
    "the address of gradgpu/cpu-worker.js",
    (value) => (typeof value === "object" || typeof value === "string") && !!value,
  ),
};

/** A device that was imported statically, to be opened by `init({ device })`. Made by `cpu()` and `webgpu()`. */
export interface DeviceOpener {
  /** The kind of device that it opens. */
  readonly name: "webgpu" | "cpu";
  /** What it was made with. */
  readonly options: object;
  /**
   * Opens the device; `init` calls it.
   * @param defaults of `init`; the opener's own options come first
   * @throws DeviceUnavailableError where there is none
   */
  open(defaults?: CpuOpenerOptions): Promise<Device>;
}
