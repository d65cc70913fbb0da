/** The machine's own limits, in the same run as everything else: a bare loop of multiply-adds, and a copy. */
import type { Engine } from "../contract.ts";
import { WasmLimits } from "./limits-wasm.ts";
import { WebgpuLimits } from "./limits-webgpu.ts";

export function createEngine(name: string): Engine {
  if (name === "limit-wasm") return new WasmLimits();
  if (name === "limit-webgpu") return new WebgpuLimits();
  throw new Error(`limits: there is no engine ${name} here.`);
}
