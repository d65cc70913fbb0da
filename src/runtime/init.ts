import { anything, callable, checkOptions, finite, positive, shown } from "../arguments.ts";
import type { Device } from "../devices/device.ts";
import {
  CPU_RULES,
  type CpuOpenerOptions,
  type DeviceOpener,
  type GpuDevice,
} from "../devices/opener.ts";
import { ArgumentError, DeviceUnavailableError } from "../errors.ts";
import { enterRuntime } from "./current.ts";
import type { Openers } from "./lineage.ts";
import { Runtime } from "./runtime.ts";
import { restartSeeds } from "./seeds.ts";

/** Which device is opened, and how. */
export interface InitOptions extends CpuOpenerOptions {
  /**
   * "auto" (the default): a hardware GPU if there is one, else the cpu. "webgpu": a hardware GPU, or else a software adapter.
   * "cpu": WebAssembly. A GPUDevice of the caller's own is used and left open at the end; a function that gives one is
   * asked for another one when it is lost, where else the cpu takes over. Where `import()` is refused: `cpu()` from
   * gradgpu/devices/cpu, `webgpu()` from gradgpu/devices/webgpu.
   */
  readonly device?:
    | "auto"
    | "webgpu"
    | "cpu"
    | GpuDevice
    | (() => GpuDevice | Promise<GpuDevice>)
    | DeviceOpener;
  /** Decides everything random: initial weights, shuffling, dropout. 0 where nothing is said. */
  readonly seed?: number;
  /** Bytes of device memory that must not be exceeded. */
  readonly memoryBudget?: number;
}

/** A device that has been opened, and why it was chosen. */
export interface Opened {
  /** What computes there from now on. */
  readonly runtime: Runtime;
  /** Its kind. */
  readonly device: "webgpu" | "cpu" | "reference";
  /** Which one it is, for people: adapter, threads. */
  readonly description: string;
  /** Why this one was chosen and no other. */
  readonly why:
    | "asked for by name"
    | "there is a hardware GPU"
    | "there is no hardware GPU"
    | "a GPUDevice was handed in"
    | "an opener was handed in"
    | "another device was lost";
}

/** An `init` whose runtime is open, or on its way. */
interface Opening {
  readonly options: InitOptions;
  readonly opened: Promise<Opened>;
}

let openings: readonly Opening[] = [];

/**
 * Opens a device; what lies nowhere yet is computed on it from then on. Where a runtime with the same options is open
 * already it is that one: a page may call this as often as it likes, and so may every part of it. Random numbers, of
 * layers made from then on too, begin anew with each call. Runtimes with other options live beside each other: a tensor
 * or model stays where it was made.
 * @throws DeviceUnavailableError where the device that was asked for cannot be had, ArgumentError for options that are not
 */
export async function init(options: InitOptions = {}): Promise<Opened> {
  checkInit(options);
  const known = openings.find((one) => isSame(one.options, options));
  const forget = () => {
    openings = openings.filter((one) => one !== opening);
  };
  const opening = known ?? { options: { ...options }, opened: open(options, forget) };
  if (known === undefined) openings = [...openings, opening];
  const opened = await opening.opened.catch((error: unknown) => {
    forget();
    throw error;
  });
  const { lineage } = opened.runtime;
  const runtime = await Promise.resolve(lineage.coming).catch(() => lineage.latest);
  if (runtime.isDead || runtime.isClosing) {
    forget();
    return init(options);
  }
  enterRuntime(runtime);
  runtime.restartKeys();
  restartSeeds(runtime.seed);
  if (runtime === opened.runtime) return opened;
  const { name, description } = runtime.device;
  return { runtime, device: name, description, why: "another device was lost" };
}

async function open(options: InitOptions, closed: () => void): Promise<Opened> {
  const { device, why } = await choose(options);
  const { seed = 0, memoryBudget = Number.POSITIVE_INFINITY } = options;
  const openers: Openers = {
    own: reopener(options, device.name),
    cpu: () => openCpu(options),
    closed,
    runtime: (next, lineage) => new Runtime(next, { seed, memoryBudget, lineage }),
  };
  const runtime = new Runtime(device, { seed, memoryBudget, openers });
  return { runtime, device: device.name, description: device.description, why };
}

/** How a device of the kind that was opened is opened again; a GPUDevice that was handed in is its owner's. */
function reopener(options: InitOptions, name: Device["name"]): Openers["own"] {
  const { device: wanted = "auto" } = options;
  const handedIn: unknown = isOpener(wanted) ? Reflect.get(wanted.options, "device") : wanted;
  if (isGpuDevice(handedIn)) return undefined;
  if (wanted !== "auto") return async () => (await choose(options)).device;
  // What was taken as the best there was.
  return name === "cpu"
    ? () => openCpu(options)
    : async () => (await loadWebgpu())({ software: false });
}

const DEFAULTS: InitOptions = {
  device: "auto",
  seed: 0,
  memoryBudget: Number.POSITIVE_INFINITY,
};

/** Whether a runtime that was opened with `a` is what `b` asks for. */
function isSame(a: object, b: object): boolean {
  const [first, second] = [a, b].map(
    (one) => new Map<string, unknown>(Object.entries({ ...DEFAULTS, ...one })),
  );
  return [...(first?.keys() ?? []), ...(second?.keys() ?? [])].every((name) => {
    const [x, y] = [first?.get(name), second?.get(name)];
    // Openers are made anew by every call of cpu() or webgpu().
    return (
      x === y || (isOpener(x) && isOpener(y) && x.name === y.name && isSame(x.options, y.options))
    );
  });
}

function checkInit(options: InitOptions): void {
  checkOptions<InitOptions>(
    "init",
    options,
    { device: anything, seed: finite, memoryBudget: positive, ...CPU_RULES },
    (given) => `init({ device: ${shown(given)} })`,
  );
}

async function choose(options: InitOptions): Promise<{ device: Device; why: Opened["why"] }> {
  const wanted: unknown = options.device ?? "auto";
  if (wanted === "cpu") return { device: await openCpu(options), why: "asked for by name" };
  if (wanted === "webgpu")
    return { device: await (await loadWebgpu())({}), why: "asked for by name" };
  if (isOpener(wanted))
    return { device: await wanted.open(cpuOptions(options)), why: "an opener was handed in" };
  const given: unknown = callable.holds(wanted) ? await (wanted as () => unknown)() : wanted;
  if (isGpuDevice(given)) {
    const open = await loadWebgpu();
    return { device: await open({ device: given }), why: "a GPUDevice was handed in" };
  }
  if (wanted !== "auto") {
    throw new ArgumentError(
      `init: device must be "auto", "webgpu", "cpu", a GPUDevice or an opener; got ${typeof given === "string" ? JSON.stringify(given) : typeof given}. Leave it out to take the best there is.`,
    );
  }
  const openWebgpu = await loadWebgpu();
  try {
    return { device: await openWebgpu({ software: false }), why: "there is a hardware GPU" };
  } catch (error) {
    if (!(error instanceof DeviceUnavailableError)) throw error;
    return { device: await openCpu(options), why: "there is no hardware GPU" };
  }
}

function isOpener(wanted: unknown): wanted is DeviceOpener {
  return typeof wanted === "object" && wanted !== null && "open" in wanted;
}

function isGpuDevice(wanted: unknown): wanted is GPUDevice {
  return typeof wanted === "object" && wanted !== null && "createBuffer" in wanted;
}

/**
 * A device is loaded when it is wanted: a page with a GPU never downloads the WebAssembly kernels, and the reverse.
 * gradgpu/static brings both along.
 * @internal Its declarations would need WebGPU's types.
 */
export const deviceModules = {
  webgpu: () => import("../devices/webgpu/index.ts"),
  cpu: () => import("../devices/cpu/index.ts"),
};

async function loadWebgpu() {
  const loading = deviceModules.webgpu();
  return (await loading.catch(refuseImport("webgpu"))).openWebgpuDevice;
}

async function openCpu(options: InitOptions): Promise<Device> {
  const { openCpuDevice } = await deviceModules.cpu().catch(refuseImport("cpu"));
  return openCpuDevice(cpuOptions(options));
}

function cpuOptions({ threads, workerUrl }: InitOptions): CpuOpenerOptions {
  return {
    ...(threads !== undefined && { threads }),
    ...(workerUrl !== undefined && { workerUrl }),
  };
}

/** Service workers and worklets refuse `import()`; elsewhere a file may be missing from the server. */
function refuseImport(name: DeviceOpener["name"]) {
  return (error: unknown): never => {
    throw new DeviceUnavailableError(
      `init: the module of the ${name} device must load; got ${String(error)}. ` +
        `Where import() is refused, import { ${name} } from "gradgpu/devices/${name}" and call init({ device: ${name}() }).`,
    );
  };
}
