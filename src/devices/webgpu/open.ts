import { DeviceUnavailableError } from "../../errors.ts";
import type { OpName } from "../../ops/vocabulary.ts";
import { describeAdapter, isSoftware } from "./adapter-info.ts";
import { WebgpuDevice } from "./device.ts";
import type { LoadFallback } from "./import-fallback.ts";
import { DEFAULT_LIMITS, type WebgpuLimits } from "./target.ts";
import { webgpuTraits } from "./traits.ts";

export interface WebgpuOptions {
  /** Where adapters come from; `navigator.gpu`, or Dawn in Node, where nothing is said. */
  readonly gpu?: GPU;
  /** A device that the caller owns: it is used as it is and never destroyed. */
  readonly device?: GPUDevice;
  /** true: only a software adapter; false: never one. Where nothing is said: one if there is no other. */
  readonly software?: boolean;
  /** Ops to be treated as if they had no kernel: for tests of the fallback. */
  readonly withhold?: readonly OpName[];
  readonly powerPreference?: GPUPowerPreference;
  /** Device memory that may be in use at a time. Where nothing is said, all that a GPU gives; 4 GiB of a software adapter's host. */
  readonly budgetBytes?: number;
  /** Checks every submission for errors, at a cost. */
  readonly debug?: boolean;
  /** The reference kernels, for ops without a kernel; imported when first needed where nothing is said. */
  readonly loadFallback?: LoadFallback;
}

/** Used where the adapter has them. */
const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];

/** Its memory is the host's, which promises more than it has. */
const SOFTWARE_BUDGET = 4 * 2 ** 30;

const NO_GPU =
  "webgpu: there must be a GPU adapter; got none. Use a browser with WebGPU (chrome://gpu shows whether it is on), in Node install the npm package webgpu and a Vulkan driver, or use the cpu device.";

/** A webgpu device on the best adapter that the options allow. @throws DeviceUnavailableError */
export async function openWebgpuDevice(options: WebgpuOptions = {}): Promise<WebgpuDevice> {
  if (options.device !== undefined) return wrap(options.device, options, false);
  const adapter = await findAdapter(options);
  const features = FEATURES.filter((name) => adapter.features.has(name));
  const device = await adapter
    .requestDevice({
      label: "gradgpu",
      requiredFeatures: features,
      requiredLimits: { ...limitsOf(adapter.limits) },
    })
    .catch((error: unknown) => {
      throw new DeviceUnavailableError(
        `webgpu: the adapter must give a device; got ${String(error)}. Try again, or use the cpu device.`,
      );
    });
  return wrap(device, options, true);
}

function wrap(device: GPUDevice, options: WebgpuOptions, isOwned: boolean): WebgpuDevice {
  const info = device.adapterInfo;
  const software = isSoftware(info);
  const limits = limitsOf(device.limits);
  return new WebgpuDevice(device, {
    traits: webgpuTraits({ software, limits, withhold: options.withhold ?? [] }),
    description: describeAdapter(info, software),
    isOwned,
    budgetBytes: options.budgetBytes ?? (software ? SOFTWARE_BUDGET : Number.POSITIVE_INFINITY),
    isDebug: options.debug ?? false,
    ...(options.loadFallback !== undefined && { loadFallback: options.loadFallback }),
  });
}

async function findAdapter(options: WebgpuOptions): Promise<GPUAdapter> {
  const { software, powerPreference = "high-performance" } = options;
  const wanted: GPURequestAdapterOptions[] = [];
  if (software !== true) wanted.push({ powerPreference });
  if (software !== false) wanted.push({ forceFallbackAdapter: true }, {});
  for (const request of wanted) {
    const isSoftwareRequest = request.powerPreference === undefined;
    const gpu = options.gpu ?? (await platformGpu(isSoftwareRequest));
    const adapter = await gpu?.requestAdapter(request).catch(() => null);
    if (adapter === undefined || adapter === null) continue;
    if (software !== undefined && isSoftware(adapter.info) !== software) continue;
    return adapter;
  }
  throw new DeviceUnavailableError(
    software === true
      ? `${NO_GPU} Chromium brings a software adapter, SwiftShader: install it.`
      : NO_GPU,
  );
}

/** Loaded in Node alone; gradgpu/static brings it along. */
export const nodeModule = { load: () => import("./node.ts") };

/** One for each kind of adapter: an instance of Dawn lives as long as the process. */
const nodeGpus = new Map<boolean, Promise<GPU | undefined>>();

async function platformGpu(software: boolean): Promise<GPU | undefined> {
  if (typeof navigator !== "undefined" && "gpu" in navigator) return navigator.gpu;
  if (!("process" in globalThis)) return undefined;
  const known = nodeGpus.get(software);
  if (known !== undefined) return known;
  const opening = nodeModule.load().then(({ openNodeGpu }) => openNodeGpu({ software }));
  nodeGpus.set(software, opening);
  return opening;
}

function limitsOf(limits: GPUSupportedLimits): WebgpuLimits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof WebgpuLimits)[];
  const entries = names.map((name) => [name, limits[name]]);
  return Object.fromEntries(entries) as Record<keyof WebgpuLimits, number>;
}
