import { GradgpuError } from "../errors.ts";
import type { Runtime } from "./runtime.ts";

let current: Runtime | undefined;

/** The runtime that tensors are evaluated on: the one opened last. @throws GradgpuError before `init()` */
export function currentRuntime(caller: string): Runtime {
  if (current === undefined) {
    throw new GradgpuError(`${caller}: no device is open. Call \`await init()\` first.`);
  }
  return current;
}

export function setCurrentRuntime(runtime: Runtime | undefined): void {
  current = runtime;
}

export function isCurrentRuntime(runtime: Runtime): boolean {
  return current === runtime;
}
