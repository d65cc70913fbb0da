/**
 * WebGPU in Node, through Dawn (npm `webgpu`, an optional peer dependency).
 *
 * Nothing here is imported statically: the module specifier is a variable and Node's modules come
 * from `process.getBuiltinModule`, so a bundler for the browser finds nothing to include.
 */

import { findSwiftShader } from "./swiftshader.ts";

export interface NodeGpuOptions {
  /**
   * true: SwiftShader, the software GPU that ships beside Chromium and Chrome. false: hardware or nothing. Missing: whatever the drivers offer.
   */
  readonly software?: boolean;
  /** Dawn's options, for example `["backend=null"]` or `["enable-dawn-features=dump_shaders"]`. */
  readonly dawnOptions?: readonly string[];
}

/**
 * Asked to set workgroup memory to zero, SwiftShader compiles a store for every element; Dawn's own code is a loop. All
 * the recurrent kernels and products of a GPU that the tests compile there take 76 s of processor time instead of 119.
 */
const SWIFTSHADER_FEATURES_OFF = ["use_vulkan_zero_initialize_workgroup_memory_extension"];

/** Dawn rounds timestamps to 65,536 ns, which protects pages from each other; a profile in Node would be zeros. */
const FEATURES_OFF = ["timestamp_quantization"];

const OFF = "disable-dawn-features=";

interface Dawn {
  create(options: readonly string[]): GPU;
}

/**
 * Dawn's GPU, or undefined where npm `webgpu` is not installed or has no binary for this platform.
 *
 * The caller still asks it for an adapter, and gets null where there is no driver. Without
 * `software` an adapter can be a software one only if the user's own VK_ICD_FILENAMES or drivers
 * say so: `adapter.info.isFallbackAdapter` tells. Node has no `GPUBufferUsage` and its like as
 * globals; this function adds none.
 */
export async function openNodeGpu(options: NodeGpuOptions = {}): Promise<GPU | undefined> {
  if (options.software === false && !mayHaveHardware()) return undefined;
  const dawn = await loadDawn();
  if (dawn === undefined) return undefined;
  if (options.software !== true) return created(dawn, dawnOptions(options, FEATURES_OFF));

  const { env } = globalThis.process;
  const driver = findSwiftShader();
  if (driver === undefined || env.VK_ICD_FILENAMES !== undefined) {
    return created(dawn, dawnOptions(options, FEATURES_OFF));
  }
  preloadVulkanLoader(driver.folder);
  // Dawn reads the drivers when it is first asked for an adapter. The variable is set until then
  // and no longer, so that a later GPU of this process sees the machine's own drivers.
  env.VK_ICD_FILENAMES = driver.icd;
  // Where there is no desktop SwiftShader's look for a window complains on the terminal that this one is not set.
  const hasRuntimeFolder = env.XDG_RUNTIME_DIR !== undefined;
  if (!hasRuntimeFolder)
    env.XDG_RUNTIME_DIR = globalThis.process.getBuiltinModule("node:os").tmpdir();
  try {
    const gpu = created(dawn, dawnOptions(options, [...FEATURES_OFF, ...SWIFTSHADER_FEATURES_OFF]));
    await gpu.requestAdapter();
    return gpu;
  } finally {
    delete env.VK_ICD_FILENAMES;
    if (!hasRuntimeFolder) delete env.XDG_RUNTIME_DIR;
  }
}

/**
 * Dawn frees its instance with the last reference to the GPU, whoever still has devices of it, and even while a look at
 * its events is due: that look then waits for a lock in freed memory, and the process with it.
 */
const kept: GPU[] = [];

function created(dawn: Dawn, options: readonly string[]): GPU {
  const gpu = dawn.create(options);
  kept.push(gpu);
  return gpu;
}

/** The caller's, with what is turned off: of options of one name Dawn takes the last, so there is one. */
function dawnOptions({ dawnOptions: own = [] }: NodeGpuOptions, off: readonly string[]): string[] {
  const theirs = own.filter((option) => option.startsWith(OFF));
  const all = [...off, ...theirs.map((option) => option.slice(OFF.length))];
  return [...own.filter((option) => !option.startsWith(OFF)), OFF + all.join(",")];
}

/**
 * Whether it is worth asking the drivers. Linux shows every GPU as a device file (Mesa, NVIDIA, WSL, ARM, Qualcomm);
 * where there is none, Vulkan's software drivers would only fail, and fill the terminal with warnings.
 */
export function mayHaveHardware(): boolean {
  if (
    globalThis.process.platform !== "linux" ||
    globalThis.process.env.VK_ICD_FILENAMES !== undefined
  )
    return true;
  const fs = globalThis.process.getBuiltinModule("node:fs");
  const nodes = ["dri", "nvidiactl", "dxg", "mali0", "kgsl-3d0"];
  return nodes.some((name) => fs.existsSync(`/dev/${name}`));
}

async function loadDawn(): Promise<Dawn | undefined> {
  const specifier = "webgpu";
  try {
    return (await import(/* webpackIgnore: true */ /* @vite-ignore */ specifier)) as Dawn;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Dawn loads "libvulkan.so.1" by name, and a machine without a GPU often lacks it, while every
 * Chrome brings one. A library that is loaded already is found by that name, so Chrome's copy is
 * loaded here and kept (RTLD_NODELETE). Node then says that it is no Node module, which is so.
 */
function preloadVulkanLoader(folder: string): void {
  const fs = globalThis.process.getBuiltinModule("node:fs");
  const os = globalThis.process.getBuiltinModule("node:os");
  const path = globalThis.process.getBuiltinModule("node:path");
  const library = path.join(folder, "libvulkan.so.1");
  if (globalThis.process.platform !== "linux" || !fs.existsSync(library)) return;
  const RTLD_NODELETE = 0x1000;
  try {
    globalThis.process.dlopen(
      { exports: {} },
      library,
      os.constants.dlopen.RTLD_NOW | RTLD_NODELETE,
    );
  } catch {
    // Expected, see above. Had the load itself failed, Dawn would report the missing library.
  }
}
