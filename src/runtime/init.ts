import type { Device } from "../devices/device.ts";
import type { WebgpuOptions } from "../devices/webgpu/index.ts";
import { ArgumentError, DeviceUnavailableError } from "../errors.ts";
import { setCurrentRuntime } from "./current.ts";
import { Runtime } from "./runtime.ts";
import { restartSeeds } from "./seeds.ts";

export interface InitOptions {
  /**
   * "auto" (the default): a hardware GPU if there is one, else the cpu. "webgpu": a hardware GPU, or else a software adapter.
   * "cpu": WebAssembly. A GPUDevice of the caller's own is used and left open at the end.
   */
  readonly device?: "auto" | "webgpu" | "cpu" | GPUDevice;
  /** Decides everything random: initial weights, shuffling, dropout. 0 where nothing is said. */
  readonly seed?: number;
  /** Threads of the cpu device; as many as the machine has where nothing is said. */
  readonly threads?: number;
  /** Bytes of device memory that must not be exceeded. */
  readonly memoryBudget?: number;
}

/** A device that has been opened, and why it was chosen. */
export interface Opened {
  readonly runtime: Runtime;
  readonly device: "webgpu" | "cpu" | "reference";
  readonly description: string;
  readonly why: string;
}

/**
 * Opens a device; tensors are computed on it from then on.
 * @throws DeviceUnavailableError where the device that was asked for cannot be had
 */
export async function init(options: InitOptions = {}): Promise<Opened> {
  const { device, why } = await choose(options);
  const seed = options.seed ?? 0;
  const runtime = new Runtime(device, {
    seed,
    memoryBudget: options.memoryBudget ?? Number.POSITIVE_INFINITY,
  });
  setCurrentRuntime(runtime);
  restartSeeds(seed);
  return { runtime, device: device.name, description: device.description, why };
}

async function choose(options: InitOptions): Promise<{ device: Device; why: string }> {
  const wanted = options.device ?? "auto";
  if (wanted === "cpu") return { device: await openCpu(options), why: "asked for by name" };
  if (wanted === "webgpu") return { device: await openWebgpu({}), why: "asked for by name" };
  if (typeof wanted === "object")
    return { device: await openWebgpu({ device: wanted }), why: "a GPUDevice was handed in" };
  if (wanted !== "auto") {
    throw new ArgumentError(
      `init: device must be "auto", "webgpu", "cpu" or a GPUDevice; got ${JSON.stringify(wanted)}. Leave it out to take the best there is.`,
    );
  }
  try {
    return { device: await openWebgpu({ software: false }), why: "there is a hardware GPU" };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    return { device: await openCpu(options), why: "there is no hardware GPU" };
  }
}

// A device is loaded when it is wanted: a page with a GPU never downloads the WebAssembly kernels, and the reverse.

async function openWebgpu(options: WebgpuOptions): Promise<Device> {
  const { openWebgpuDevice } = await import("../devices/webgpu/index.ts");
  return openWebgpuDevice(options);
}

async function openCpu({ threads }: InitOptions): Promise<Device> {
  const { openCpuDevice } = await import("../devices/cpu/index.ts");
  return openCpuDevice(threads === undefined ? {} : { threads });
}
