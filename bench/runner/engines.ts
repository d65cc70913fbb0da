/** The engines by name: where they are, what they run on, where they can run. */

export const ENGINE_NAMES = [
  "gradgpu-cpu",
  "gradgpu-webgpu",
  "tfjs-wasm",
  "tfjs-webgpu",
  "jax-wasm",
  "jax-webgpu",
  "ort-wasm",
  "ort-webgpu",
  "torch",
  "limit-wasm",
  "limit-webgpu",
] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** A module below bench/, without its ending; it exports `createEngine(name: string): Engine`. */
export type EngineModule =
  | "engines/gradgpu"
  | "engines/limits"
  | "peers/tfjs"
  | "peers/jax"
  | "peers/ort";

export interface EngineEntry {
  readonly name: EngineName;
  readonly device: "cpu" | "webgpu";
  /** undefined: a process of its own, see torch-host.ts. */
  readonly module: EngineModule | undefined;
  /** Whether it is one of ours or the machine's own limit, and needs nothing installed. */
  readonly isOwn: boolean;
  /** Measured a second time with one thread, as a row of its own: its wasm has been faster that way. */
  readonly alsoWithOneThread?: boolean;
}

const entry = (
  name: EngineName,
  device: "cpu" | "webgpu",
  module: EngineModule | undefined,
): EngineEntry => ({
  name,
  device,
  module,
  isOwn: module?.startsWith("engines/") ?? false,
  ...(name === "jax-wasm" || name === "tfjs-wasm" ? { alsoWithOneThread: true } : {}),
});

export const ENGINES: { readonly [K in EngineName]: EngineEntry } = {
  "gradgpu-cpu": entry("gradgpu-cpu", "cpu", "engines/gradgpu"),
  "gradgpu-webgpu": entry("gradgpu-webgpu", "webgpu", "engines/gradgpu"),
  "tfjs-wasm": entry("tfjs-wasm", "cpu", "peers/tfjs"),
  "tfjs-webgpu": entry("tfjs-webgpu", "webgpu", "peers/tfjs"),
  "jax-wasm": entry("jax-wasm", "cpu", "peers/jax"),
  "jax-webgpu": entry("jax-webgpu", "webgpu", "peers/jax"),
  "ort-wasm": entry("ort-wasm", "cpu", "peers/ort"),
  "ort-webgpu": entry("ort-webgpu", "webgpu", "peers/ort"),
  torch: entry("torch", "cpu", undefined),
  "limit-wasm": entry("limit-wasm", "cpu", "engines/limits"),
  "limit-webgpu": entry("limit-webgpu", "webgpu", "engines/limits"),
};

/** The engine of ours that others on `device` are compared with. */
export function oursOn(device: "cpu" | "webgpu"): EngineName {
  return device === "cpu" ? "gradgpu-cpu" : "gradgpu-webgpu";
}

export function isEngineName(name: string): name is EngineName {
  return Object.hasOwn(ENGINES, name);
}
